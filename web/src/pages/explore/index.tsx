import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Api } from "../../api/client";
import type { Point } from "../../api/types";
import { Empty } from "../../ui/states";
import { supportedZone } from "../../ui/zone";
import type { PageProps } from "../page-props";
import { ChartArea } from "./chart-area";
import { CopyLink } from "./copy-link";
import { Download } from "./download/download";
import { Picker } from "./picker/picker";
import { RangeBar } from "./range/range-bar";
import { SiteZone } from "./site-zone";
import { type Lines, useLines } from "./use-lines";
import { useView, type View } from "./use-view";
import "./explore.css";

/** Charts of selected points in the site's zone; the address holds the points and the range. */
export function Explore(props: PageProps) {
  return (
    <SiteZone.Provider value={supportedZone(props.site.timezone)}>
      <Charts {...props} />
    </SiteZone.Provider>
  );
}

function Charts({ api, site, route }: PageProps) {
  const view = useView(site.site_name, route);
  const { points } = view;
  const lines = useLines(api, site.site_name, points, view.span);
  const remove = (name: string) => view.showPoints(points.filter((point) => point !== name));
  const add = (added: Point[]) => {
    for (const point of added) lines.pointCache.set(point.point_name, point);
    view.showPoints([...points, ...added.map((point) => point.point_name)]);
  };
  const toggle = (point: Point) =>
    points.includes(point.point_name) ? remove(point.point_name) : add([point]);
  if (!site.points)
    return (
      <Empty title="This site has no points yet">
        Points appear after the first sync, within minutes. The Status page shows its progress.
      </Empty>
    );
  return (
    <div class="explore">
      <Side unfolded={!points.length}>
        <Picker api={api} site={site} slots={lines.slots} onToggle={toggle} />
      </Side>
      <div class="view">
        <h1 class="visually-hidden">{site.display_name || site.site_name}</h1>
        <Tools api={api} site={site.site_name} view={view} lines={lines} />
        <ChartArea api={api} site={site.site_name} view={view} lines={lines} onAdd={add} onRemove={remove} />
      </div>
    </div>
  );
}

type ToolsProps = { api: Api; site: string; view: View; lines: Lines };

/** The controls above the chart. */
function Tools({ api, site, view, lines }: ToolsProps) {
  const { points, span } = view;
  return (
    <div class="tools">
      <RangeBar range={view.range} span={span} preset={view.preset} onRange={view.showRange} />
      {points.length > 0 && (
        <div class="share">
          <CopyLink link={new URL(view.hrefOf(), location.href).href} />
          <Download
            api={api}
            site={site}
            points={points}
            intervals={points.map((name) => lines.pointCache.get(name)?.interval_seconds ?? null)}
            span={span}
          />
        </div>
      )}
    </div>
  );
}

/** The column of the picker, which small screens fold. */
function Side({ unfolded, children }: { unfolded: boolean; children: ComponentChildren }) {
  const [open, setOpen] = useState(unfolded);
  return (
    <div class={open ? "side open" : "side"}>
      <button type="button" class="unfold" aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? "Hide points" : "Choose points"}
      </button>
      {children}
    </div>
  );
}
