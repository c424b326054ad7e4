import { useContext } from "preact/hooks";
import type { Api } from "../../api/client";
import type { Point, Series } from "../../api/types";
import { link } from "../../ui/link";
import { Notice } from "../../ui/notice";
import { Retry } from "../../ui/retry";
import { advice, Failure, Loading } from "../../ui/states";
import { AnswerSummary } from "./answer-summary";
import { CarpetView } from "./carpet/carpet";
import { ChartView } from "./chart/chart";
import { RangeKey } from "./compare/range-key";
import { versusNote } from "./compare/versus";
import { useSummary } from "./legend/use-summary";
import { movedSpan } from "./measure/plan";
import { ScatterView } from "./scatter/scatter";
import { SiteZone } from "./site-zone";
import { Start } from "./start";
import { MarkedNote, useMarkedPanes } from "./tabs/marked-note";
import { Tabs } from "./tabs/tabs";
import { NoPoints, RoleNotes } from "./template/notes";
import type { Lines } from "./use-lines";
import type { View } from "./use-view";
import { Warnings } from "./warnings";

type Props = {
  api: Api;
  site: string;
  view: View;
  lines: Lines;
  onAdd: (points: Point[]) => void;
  onRemove: (name: string) => void;
};

/** The chart with its warnings and errors, or suggested points while no point is selected. */
export function ChartArea({ api, site, view, lines, onAdd, onRemove }: Props) {
  const { answer, error } = lines;
  return (
    <>
      <Warnings texts={view.points.length && answer ? answer.warnings : []} />
      {error && answer && (
        <Notice error={error}>
          {advice(error)} <Retry onRetry={lines.reload} />
        </Notice>
      )}
      <RoleNotes texts={[...(view.followed?.notes ?? []), ...(view.omitted ? [view.omitted] : [])]} />
      {!view.points.length && view.followed ? (
        <NoPoints followed={view.followed} />
      ) : !view.points.length ? (
        <Start api={api} site={site} onStart={onAdd} />
      ) : error && !answer ? (
        <>
          <Failure error={error} onRetry={lines.reload} />
          <p class="clear">
            <a href={view.hrefOf({ points: [] })}>Choose other points</a>
          </p>
        </>
      ) : (
        <Tabs tab={view.tabs.tab} onTab={(tab) => view.showTabs({ tab })}>
          <SelectedTab api={api} site={site} view={view} lines={lines} onRemove={onRemove} />
        </Tabs>
      )}
    </>
  );
}

// One array, for what is derived from it is kept while it is the same.
const NO_SERIES: Series[] = [];
const VIEWS = { scatter: ScatterView, carpet: CarpetView };

function SelectedTab(props: Omit<Props, "onAdd">) {
  const { api, site, view, lines } = props;
  const { tab } = view.tabs;
  if (tab === "lines") return <LoadedChart {...props} />;
  if (!lines.ready) return <Loading subject="points" />;
  const Selected = VIEWS[tab];
  return <Selected api={api} site={site} view={view} points={lines.points} />;
}

function LoadedChart({ api, site, view, lines, onRemove }: Omit<Props, "onAdd">) {
  const { answer, chart, plan } = lines;
  const panes = useMarkedPanes(lines.panes);
  const timeZone = useContext(SiteZone);
  const bucket = plan.measured.length ? plan.bucket : undefined;
  const note = versusNote(view.versus, bucket, view.span, timeZone);
  const statistics = useSummary(api, site, view, timeZone, lines);
  const table = {
    points: lines.points,
    measured: lines.drawnMeasures,
    series: answer?.series ?? NO_SERIES,
    statistics,
    measure: plan.measure,
    isCompared: view.versus !== undefined,
  };
  return (
    <>
      <RangeKey others={lines.others} chart={chart} />
      <ChartView
        chart={chart}
        table={table}
        panes={panes}
        view={lines.shown}
        state={lines.state}
        coverage={link("coverage", site)}
        onWidth={lines.setWidth}
        onRemove={onRemove}
        onView={(next, kind) => view.onView(movedSpan(next, kind, lines.shown, view.span), kind)}
        onReset={view.onReset}
        onBack={view.onBack}
      />
      <RoleNotes texts={note ? [note] : []} />
      <MarkedNote />
      {answer ? (
        <AnswerSummary answer={answer} samples={lines.samples} lines={chart.lines} />
      ) : (
        <p class="chart-note">Loading…</p>
      )}
    </>
  );
}
