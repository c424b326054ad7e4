import { useContext, useMemo, useRef } from "preact/hooks";
import type { Api } from "../../../api/client";
import type { Point } from "../../../api/types";
import { useLoaded } from "../../../ui/load";
import { LoadedContent } from "../../../ui/loaded-content";
import { Empty } from "../../../ui/states";
import { AnswerSummary } from "../answer-summary";
import { collected } from "../canvas/steps";
import { useInks } from "../canvas/use-inks";
import type { MergedAnswer } from "../data/pages";
import { PointOptions } from "../points/options";
import { pointTitle } from "../points/title";
import { queryBuckets } from "../query";
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
  return <OnePoint api={api} site={site} view={view} points={points} point={point} />;
}

function OnePoint({ api, site, view, points, point }: Props & { point: Point }) {
  const loaded = useHours(api, site, point, view);
  const measure = cellMeasure(point);
  const rows = loaded.value?.rows;
  const unit = loaded.value?.answer.series[0]?.unit ?? point.unit;
  const domain = useMemo(() => rows && domainOf(rows, measure), [rows, measure]);
  const head = useRef<HTMLDivElement>(null);
  const theme = useInks(head);
  const label = `Carpet of ${pointTitle(point)}: ${measureText(measure).toLowerCase()}`;
  return (
    <>
      <div class="view-bar" ref={head}>
        <span>
          <PointMenu points={points} point={point} onPoint={(name) => view.showTabs({ carpet: name })} />{" "}
          <small>{measureText(measure)}</small>
        </span>
        {domain && theme && <ColourLegend domain={domain} dark={theme.dark} measure={measure} unit={unit} />}
      </div>
      <LoadedContent loaded={loaded} subject="hours">
        {({ answer, rows: days }) => (
          <>
            <Warnings texts={answer.warnings} />
            <CarpetFigure rows={days} busy={loaded.loading} {...{ domain, measure, unit, label }} />
            <AnswerSummary answer={answer} samples={undefined} lines={[]} />
          </>
        )}
      </LoadedContent>
    </>
  );
}

type Hours = { answer: MergedAnswer; rows: Row[] };

function useHours(api: Api, site: string, point: Point, { span, range }: View) {
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
    [api, span],
    // A live range keeps its cells while it advances.
    JSON.stringify([site, name, range, buckets]),
  );
}

type MenuProps = { points: Point[]; point: Point; onPoint: (name: string) => void };

/** The point of the carpet: a menu when several are selected. */
function PointMenu({ points, point, onPoint }: MenuProps) {
  if (points.length < 2) return <strong>{pointTitle(point)}</strong>;
  return (
    <label>
      Point{" "}
      <select value={point.point_name} onChange={(event) => onPoint(event.currentTarget.value)}>
        <PointOptions points={points} />
      </select>
    </label>
  );
}
