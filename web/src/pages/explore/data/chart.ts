// Query responses as uPlot data: one column of times for all lines, and breaks at gaps.

import uPlot from "uplot";
import type { Series } from "../../../api/types";
import { factorOf } from "../plot/scale";
import type { Span } from "../range/range";
import { scaleOf } from "./axes";
import { commonGaps } from "./gaps";
import type { Chart, Chosen, Line } from "./line";
import type { MergedAnswer } from "./pages";
import { type Column, isolatedRows, tableOf } from "./table";

/** Returns the chart of the selected points; a point without a series has an empty line. */
export function chartOf(chosen: Chosen[], answer: MergedAnswer | undefined, span: Span): Chart {
  const answered = new Map(answer?.series.map((series) => [series.point_name, series]));
  const banded = answer?.series.some(({ min }) => min !== undefined) ?? false;
  const width = banded ? 3 : 1;
  const lines = chosen.map((point, index) =>
    lineOf(point, answered.get(point.name), banded, (index + 1) * width),
  );
  shareFactors(lines);
  const table = uPlot.join(
    [[[span.from, span.to]], ...lines.map((line) => tableOf(line, banded))],
    // A row that only another line has is not a gap of this line.
    [[1], ...lines.map(() => (banded ? [1, 2, 2, 2] : [1, 2]))],
  );
  for (const line of lines) line.isolated = isolatedRows(table[line.column] as Column);
  return {
    lines,
    table,
    banded,
    gaps: commonGaps(lines.map((line) => line.gaps)),
    rows: lines.reduce((sum, line) => sum + line.times.length, 0),
  };
}

function lineOf(point: Chosen, series: Series | undefined, banded: boolean, column: number): Line {
  return {
    ...point,
    times: series?.timestamps ?? [],
    values: valuesOf(point, series),
    low: (banded && point.draw === "line" && series?.min) || [],
    high: (banded && point.draw === "line" && series?.max) || [],
    ends: (point.draw === "bars" && series?.ends) || [],
    partial: (point.draw === "bars" && series?.partial) || [],
    known: (point.draw === "bars" && series?.known) || [],
    gaps: (series?.gaps ?? []).map(({ start, end, reason }) => ({
      from: Date.parse(start),
      to: Date.parse(end),
      reason,
    })),
    expected: series?.coverage.expected ?? null,
    received: series?.coverage.received ?? 0,
    column,
    factor: 1,
    isolated: [],
  };
}

/** Returns the values to draw: of what stays until the next sample the last one of a bucket, never the mean. */
function valuesOf({ draw }: Chosen, series: Series | undefined): number[] {
  const isHeld = draw === "steps" || draw === "lane";
  return (isHeld && series?.last) || series?.values || [];
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
