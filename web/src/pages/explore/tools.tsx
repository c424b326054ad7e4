import { useContext } from "preact/hooks";
import type { Api } from "../../api/client";
import type { Site } from "../../api/types";
import { browserZone, supportedZone } from "../../ui/zone";
import { PaneSwitch } from "./chart/pane-switch";
import { CompareMenu } from "./compare/compare-menu";
import { Copy } from "./copy";
import { paneCount } from "./data/panes";
import { Download } from "./download/download";
import { SaveImage } from "./image/save-image";
import { MeasureMenu } from "./measure/measure-menu";
import type { Measure } from "./measure/measures";
import { ResolutionMenu } from "./measure/resolution-menu";
import { RangeBar } from "./range/range-bar";
import { ZoneSwitch } from "./range/zone-switch";
import { viewText } from "./saved/view-text";
import { ViewsMenu } from "./saved/views-menu";
import { SiteZone } from "./site-zone";
import { EquipmentBar } from "./template/equipment-bar";
import type { Lines } from "./use-lines";
import type { View } from "./use-view";

import "./tools.css";

type Props = { api: Api; site: Site; view: View; lines: Lines };

/** The controls above the chart. */
export function Tools(props: Props) {
  const { site, view } = props;
  const { points, span } = view;
  return (
    <div class="tools">
      <div class="row">
        <RangeBar range={view.range} span={span} preset={view.preset} onRange={view.showRange} />
      </div>
      <div class="row">
        <ZoneSwitch
          choice={view.zone}
          site={supportedZone(site.timezone)}
          browser={browserZone()}
          onChoose={(zone) => view.show({ zone })}
        />
        {points.length > 0 && view.tabs.tab === "lines" && <Choices {...props} />}
        {(points.length > 0 || view.template) && <EquipmentBar {...props} site={site.site_name} />}
        <div class="share">
          <ViewsMenu api={props.api} site={site.site_name} text={shownText(view)} />
          {points.length > 0 && <Share {...props} />}
        </div>
      </div>
    </div>
  );
}

/** Returns the text that a saved view has of the page; undefined while nothing is selected. */
function shownText(view: View): string | undefined {
  return view.points.length || view.template ? viewText(view.hrefOf()) : undefined;
}

/** What the chart shows of its points. */
function Choices({ view, lines }: Props) {
  const { points, plan } = lines;
  // A measure is of buckets, never of all samples.
  const showMeasure = (measure: Measure | undefined) =>
    view.show({ measure, ...(measure && view.resolution === "raw" && { resolution: "auto" }) });
  return (
    <div class="choices">
      <ResolutionMenu
        choice={view}
        plan={plan}
        points={points}
        span={view.span}
        onChoose={(resolution) => view.show({ resolution })}
      />
      <MeasureMenu choice={view} plan={plan} points={points} onChoose={showMeasure} />
      <CompareMenu
        versus={view.versus}
        plan={plan}
        span={view.span}
        onChoose={(versus) => view.show({ versus })}
      />
      {paneCount(lines.chart.lines) > 1 && (
        <PaneSwitch single={view.single} onChange={(single) => view.show({ single })} />
      )}
    </div>
  );
}

/** The chart as a link and as a file. */
function Share({ api, site, view, lines }: Props) {
  const timeZone = useContext(SiteZone);
  const { plan, points } = lines;
  return (
    <>
      <Copy
        title="Copy link"
        label="Link to this chart"
        textOf={() => new URL(view.hrefOf(), location.href).href}
      />
      <SaveImage site={site} view={view} lines={lines} />
      <Download
        api={api}
        site={site.site_name}
        points={view.points}
        intervals={view.points.map((name) => lines.pointCache.get(name)?.interval_seconds ?? null)}
        span={view.span}
        timeZone={timeZone}
        chart={
          view.tabs.tab === "lines" && plan.measured.length
            ? { plan, points, versus: view.versus }
            : undefined
        }
      />
    </>
  );
}
