import type { ComponentChildren } from "preact";
import { useContext, useMemo, useRef, useState } from "preact/hooks";
import type { Point } from "../../api/types";
import { Store } from "../../store";
import { times } from "../../ui/format";
import { Empty } from "../../ui/states";
import { browserZone, supportedZone } from "../../ui/zone";
import type { PageProps } from "../page-props";
import { parseAddress } from "./address";
import { ChartArea } from "./chart-area";
import { CounterHint } from "./measure/counter-hint";
import { Picker } from "./picker/picker";
import { SiteZone } from "./site-zone";
import { type Marked, MarkedStore } from "./tabs/marked";
import { Tools } from "./tools";
import { useLines } from "./use-lines";
import { useView } from "./use-view";
import "./explore.css";

/** Charts of selected points in the zone of the site or of the browser; the address holds all that is chosen. */
export function Explore(props: PageProps) {
  const timeZone =
    parseAddress(props.route.parameters).zone === "browser"
      ? browserZone()
      : supportedZone(props.site.timezone);
  const marked = useMemo(() => new Store<Marked>(null), []);
  return (
    <SiteZone.Provider value={timeZone}>
      <MarkedStore.Provider value={marked}>
        <Charts {...props} />
      </MarkedStore.Provider>
    </SiteZone.Provider>
  );
}

function Charts({ api, site, route }: PageProps) {
  const timeZone = useContext(SiteZone);
  const pointCache = useRef(new Map<string, Point>()).current;
  const view = useView(api, site.site_name, route, timeZone, pointCache);
  const { points } = view;
  const lines = useLines(api, site.site_name, view, timeZone, pointCache);
  const remove = (name: string) => view.showPoints(points.filter((point) => point !== name));
  const add = (added: Point[]) => {
    for (const point of added) pointCache.set(point.point_name, point);
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
      <Side unfolded={!points.length && !view.template}>
        <Picker api={api} site={site} slots={lines.slots} onToggle={toggle} />
      </Side>
      <div class="view">
        <h1 class="visually-hidden">{site.display_name || site.site_name}</h1>
        <p class="on-paper">
          {times(view.span.from, view.span.to, timeZone)}, {timeZone}
        </p>
        <Tools api={api} site={site} view={view} lines={lines} />
        {view.tabs.tab === "lines" && (
          <CounterHint
            choice={view}
            points={lines.points}
            span={view.span}
            onShow={() => view.show({ measure: "increase" })}
          />
        )}
        <ChartArea api={api} site={site.site_name} view={view} lines={lines} onAdd={add} onRemove={remove} />
      </div>
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
