import { useContext } from "preact/hooks";
import type { Api } from "../../../api/client";
import { inParallel } from "../../../api/parallel";
import type { Point, Series } from "../../../api/types";
import { type Loaded, useLoaded } from "../../../ui/load";
import { pause } from "../canvas/steps";
import { type MergedAnswer, mergePages } from "../data/pages";
import { pairedMeasure } from "../points/kind";
import { queryBuckets } from "../query";
import type { Span } from "../range/range";
import { SiteZone } from "../site-zone";
import type { View } from "../use-view";
import { hoursOf } from "./colours";
import { type Fit, fitOf } from "./fit";
import { bucketsBegun, type Column, concatenated, type Pairs, pairsOf, RESOLUTION, slicesOf } from "./pairs";

/** A response of more days takes long to parse, in one task. */
const DAYS_PER_QUERY = 60;

export type PairsLoaded = {
  pairs: Pairs;
  /** The span of the query. */
  span: Span;
  /** Of the second point by the first. */
  fit: Fit;
  /** The hour of the local day of each pair. */
  hours: number[];
  units: [x: string, y: string];
  /** The states of the point that colours the dots, and its name. */
  states: (Column & { name: string }) | undefined;
  /** Buckets of the span that began before the query. */
  buckets: number;
  /** What was read, without the series. */
  answer: MergedAnswer;
};

/** Loads the pairs of two points in a span, and the states of a third. */
export function usePairs(
  api: Api,
  site: string,
  [first, second]: [Point, Point],
  state: Point | undefined,
  { span, range }: Pick<View, "span" | "range">,
): Loaded<PairsLoaded> {
  const timezone = useContext(SiteZone);
  // A live range keeps its dots while it advances.
  const subject = JSON.stringify([site, first.point_name, second.point_name, range, timezone]);
  return useLoaded(
    async (signal) => {
      const buckets = bucketsBegun(span, Date.now());
      const points = [first, second, ...(state ? [state] : [])];
      const queries = slicesOf(span, DAYS_PER_QUERY).flatMap((slice) =>
        byMeasure(points).map(([measure, names]) => ({ slice, measure, names })),
      );
      const answers = await inParallel(queries, ({ slice, measure, names }) =>
        queryBuckets(api, site, names, slice, { resolution: RESOLUTION, measure, timezone }, signal),
      );
      const columns: Column[] = [];
      for (const point of points) {
        await pause();
        columns.push(columnOf(answers, point));
      }
      const [x, y, states] = columns as [Column, Column, Column?];
      const pairs = pairsOf(x, y);
      await pause();
      const hours = hoursOf(pairs.times, timezone);
      await pause();
      return {
        pairs,
        span,
        fit: fitOf(pairs.x, pairs.y),
        hours,
        units: [unitOf(answers, first), unitOf(answers, second)],
        states: state && states && { ...states, name: state.point_name },
        buckets,
        answer: totalOf(answers),
      };
    },
    [api, state?.point_name, span],
    subject,
  );
}

function totalOf(answers: MergedAnswer[]): MergedAnswer {
  return answers.map((answer): MergedAnswer => ({ ...answer, series: [] })).reduce(mergePages);
}

function byMeasure(points: Point[]): [measure: string, names: string[]][] {
  const names = new Map<string, string[]>();
  for (const point of points) {
    const measure = pairedMeasure(point);
    names.set(measure, [...(names.get(measure) ?? []), point.point_name]);
  }
  return [...names];
}

function seriesOf(answers: MergedAnswer[], point: Point): Series[] {
  return answers.flatMap(({ series }) => series.filter(({ point_name }) => point_name === point.point_name));
}

function columnOf(answers: MergedAnswer[], point: Point): Column {
  return concatenated(
    seriesOf(answers, point).map(({ timestamps, values }) => ({ times: timestamps, values })),
  );
}

function unitOf(answers: MergedAnswer[], point: Point): string {
  return seriesOf(answers, point)[0]?.unit ?? point.unit;
}
