import type { ComponentChildren } from "preact";
import { useContext, useMemo, useRef } from "preact/hooks";
import type { Api } from "../../../api/client";
import type { Point } from "../../../api/types";
import { useLoaded } from "../../../ui/load";
import { Empty, Failure, Loading } from "../../../ui/states";
import { AnswerSummary } from "../answer-summary";
import { collected } from "../canvas/steps";
import { useInks } from "../canvas/use-inks";
import type { MergedAnswer } from "../data/pages";
import { queryBuckets } from "../query";
import type { Span } from "../range/range";
import { SiteZone } from "../site-zone";
import type { View } from "../use-view";
import { Warnings } from "../warnings";
import { type Row, rowsOf } from "./cells";
import { domainOf } from "./colour-scale";
import { CarpetFigure } from "./figure";
import { localHours } from "./hours";
import { ColourLegend } from "./legend";
import { cellMeasure, measureText } from "./measure";
import "./carpet.css";

type Props = { api: Api; site: string; view: View; points: Point[] };

/** One of the selected points as a carpet: a row for each local day, a column for each local hour. */
export function CarpetView({ api, site, view, points }: Props) {
  const point = points.find(({ point_name }) => point_name === view.tabs.carpet) ?? points[0];
  if (!point)
    return <Empty title="A carpet needs a point">Select a point to see its hours, day by day.</Empty>;
  return <OnePoint key={point.point_name} api={api} site={site} view={view} points={points} point={point} />;
}

function OnePoint({ api, site, view, points, point }: Props & { point: Point }) {
  const loaded = useHours(api, site, point, view.span);
  const { value, error } = loaded;
  const choose = (name: string) => view.showTabs({ carpet: name });
  return (
    <>
      {value && <Warnings texts={value.answer.warnings} />}
      {error && !value && <Failure error={error} onRetry={loaded.reload} />}
      {!error && !value && <Loading subject="hours" />}
      {value && (
        <Drawing point={point} loaded={value} busy={loaded.loading}>
          <PointMenu points={points} point={point} onPoint={choose} />
        </Drawing>
      )}
      {value && <AnswerSummary answer={value.answer} samples={undefined} lines={[]} />}
    </>
  );
}

type Hours = { answer: MergedAnswer; rows: Row[] };

function useHours(api: Api, site: string, point: Point, span: Span) {
  const timezone = useContext(SiteZone);
  const name = point.point_name;
  const buckets = { resolution: "1h", measure: cellMeasure(point), timezone };
  return useLoaded<Hours>(
    async (signal) => {
      const answer = await queryBuckets(api, site, [name], span, buckets, signal);
      const hours = await collected(localHours(span, timezone));
      const rows = await collected(rowsOf(hours, answer.series[0], buckets.measure));
      return { answer, rows };
    },
    [api, site, name, span, buckets.measure, timezone],
  );
}

type MenuProps = { points: Point[]; point: Point; onPoint: (name: string) => void };

/** The point of the carpet: a menu when several are selected. */
function PointMenu({ points, point, onPoint }: MenuProps) {
  if (points.length < 2) return <strong>{point.display_name || point.point_name}</strong>;
  return (
    <label>
      Point{" "}
      <select value={point.point_name} onChange={(event) => onPoint(event.currentTarget.value)}>
        {points.map(({ point_name, display_name }) => (
          <option key={point_name} value={point_name}>
            {display_name || point_name}
          </option>
        ))}
      </select>
    </label>
  );
}

type DrawingProps = { point: Point; loaded: Hours; busy: boolean; children: ComponentChildren };

function Drawing({ point, loaded, busy, children }: DrawingProps) {
  const measure = cellMeasure(point);
  const [series] = loaded.answer.series;
  const unit = series?.unit ?? point.unit;
  const { rows } = loaded;
  const domain = useMemo(() => domainOf(rows, measure), [rows, measure]);
  const head = useRef<HTMLDivElement>(null);
  const theme = useInks(head);
  const name = point.display_name || point.point_name;
  return (
    <>
      <div class="view-bar" ref={head}>
        <span>
          {children} <small>{measureText(measure)}</small>
        </span>
        {domain && theme && <ColourLegend domain={domain} dark={theme.dark} measure={measure} unit={unit} />}
      </div>
      <CarpetFigure
        rows={rows}
        domain={domain}
        measure={measure}
        unit={unit}
        label={`Carpet of ${name}: ${measureText(measure).toLowerCase()}`}
        busy={busy}
      />
    </>
  );
}
