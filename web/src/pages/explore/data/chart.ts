// Query responses as lines.

import type { Series } from "../../../api/types";
import { factorOf } from "../plot/scale";
import type { Span } from "../range/range";
import { scaleOf } from "./axes";
import { lengthOf } from "./buckets";
import { commonGaps } from "./gaps";
import type { Chart, Chosen, Line } from "./line";
import type { MergedAnswer } from "./pages";

/** A chart has at least this number of columns, to which the API reduces samples. */
const LEAST_COLUMNS = 200;

/**
 * Returns the chart of the selected points; a point without a series has an empty line.
 * `samples` is the answer about the points that are not measured, if there are measured ones too.
 */
export function chartOf(
  chosen: Chosen[],
  answer: MergedAnswer | undefined,
  span: Span,
  samples = answer,
): Chart {
  const answered = new Map(answer?.series.map((series) => [series.point_name, series]));
  const step = samples ? stepOf(samples, span) : 0;
  const lines = chosen.map((point) => lineOf(point, answered.get(point.name), step));
  shareFactors(lines);
  return {
    lines,
    span,
    gaps: commonGaps(lines.map((line) => line.gaps)),
    rows: lines.reduce((sum, line) => sum + line.times.length, 0),
  };
}

/** Returns how far apart the rows of an unchanging point may be in an answer, in ms; 0 if it has all samples. */
function stepOf({ data_type, resolution, metadata }: MergedAnswer, { from, to }: Span): number {
  const bucket = data_type === "aggregate" ? lengthOf(resolution) : 0;
  const reduced = metadata.samples_returned < metadata.samples_read;
  return bucket + (reduced ? (to - from) / LEAST_COLUMNS : 0);
}

function lineOf(point: Chosen, series: Series | undefined, step: number): Line {
  const [low, high] = boundsOf(point, series);
  return {
    ...point,
    hold: point.hold + step,
    times: series?.timestamps ?? [],
    values: valuesOf(point, series),
    low: low ?? [],
    high: high ?? [],
    ends: series?.ends ?? [],
    partial: series?.partial ?? [],
    gaps: (series?.gaps ?? []).map(({ start, end, reason }) => ({
      from: Date.parse(start),
      to: Date.parse(end),
      reason,
    })),
    expected: series?.coverage.expected ?? null,
    received: series?.coverage.received ?? 0,
    column: 0,
    factor: 1,
    isolated: [],
  };
}

/** Returns the extremes of the buckets of lines and lanes, and the bounds of the totals of bars. */
function boundsOf({ draw }: Chosen, series: Series | undefined): (number[] | undefined)[] {
  if (draw === "bars") return [series?.at_least, series?.at_most];
  return draw === "steps" ? [] : [series?.min, series?.max];
}

/** Returns the values to draw: of what has no mean, the last reading of each bucket. */
function valuesOf({ aggregate }: Chosen, series: Series | undefined): number[] {
  return (aggregate === "last" && series?.last) || series?.values || [];
}

/** Sets the factor of the lines: lines of one scale share the smallest factor that any of them needs. */
function shareFactors(lines: Line[]): void {
  const least = new Map<string, number>();
  for (const { unit, values, low, high } of lines) {
    const factors = [values, low, high].map(factorOf);
    least.set(scaleOf(unit), Math.min(least.get(scaleOf(unit)) ?? 1, ...factors));
  }
  for (const line of lines) line.factor = least.get(scaleOf(line.unit)) ?? 1;
}
