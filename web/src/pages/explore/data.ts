// Answers as uPlot takes them: one column of times for all, lines that break where the API says that none belongs.

import uPlot from "uplot";
import type { Gap, QueryAnswer } from "../../api/types";
import type { Span } from "./range";
import { factorOf } from "./scale";
import { symbol } from "./units";

/** A point that was chosen; `slot` is its colour, and after the last colour a dash. */
export type Chosen = { name: string; label: string; unit: string; slot: number };

export type GapSpan = Span & { reason: Gap["reason"] };

export type Line = Chosen & {
  times: number[];
  values: number[];
  low: number[];
  high: number[];
  gaps: GapSpan[];
  /** Samples that the interval lets expect, null where that is not known, and samples there are. */
  expected: number | null;
  received: number;
  /** Where the line's values are in the table. */
  column: number;
  /** What the table's values of this line's scale are multiplied by. */
  factor: number;
  /** Rows of the table with a sample that no line reaches. */
  alone: number[];
};

export type Chart = {
  lines: Line[];
  table: uPlot.AlignedData;
  /** Whether rows are aggregates, with a band from least to greatest around the line. */
  banded: boolean;
  /** Where no line has anything. */
  gaps: GapSpan[];
  rows: number;
};

export const COLOURS = 10;
export const MAX_LINES = 30;

const COLUMNS = ["timestamps", "values", "min", "max", "count", "first", "last"] as const;

/** Two pages of one query as one. */
export function merged(one: QueryAnswer, next: QueryAnswer): QueryAnswer {
  const pages = new Map(next.series.map((series) => [series.point_name, series]));
  const sum = (of: (metadata: QueryAnswer["metadata"]) => number) => of(one.metadata) + of(next.metadata);
  return {
    ...one,
    series: one.series.map((series) => {
      const more = pages.get(series.point_name);
      if (!more) return series;
      const whole = { ...series };
      for (const column of COLUMNS) {
        const rows = more[column];
        if (rows) whole[column] = (series[column] ?? []).concat(rows);
      }
      whole.gaps = joinedGaps([...series.gaps, ...more.gaps]);
      const { expected, received } = series.coverage;
      whole.coverage = {
        expected: expected === null ? null : expected + (more.coverage.expected ?? 0),
        received: received + more.coverage.received,
      };
      return whole;
    }),
    metadata: {
      ...next.metadata,
      total_samples: sum((of) => of.total_samples),
      samples_read: sum((of) => of.samples_read),
      samples_returned: sum((of) => of.samples_returned),
      query_time_ms: sum((of) => of.query_time_ms),
      sources: [...new Set([...one.metadata.sources, ...next.metadata.sources])],
      cache_hit: one.metadata.cache_hit && next.metadata.cache_hit,
      cost: { ...next.metadata.cost, micro_dollars: sum((of) => of.cost.micro_dollars) },
    },
    warnings: [...new Set([...one.warnings, ...next.warnings])],
  };
}

/** Gaps of one series, in order; what a page's end cut is one again. */
function joinedGaps(gaps: Gap[]): Gap[] {
  const found: Gap[] = [];
  for (const { continues, ...gap } of gaps) {
    const last = found.at(-1);
    if (continues && last && last.end === gap.start && last.reason === gap.reason) {
      found[found.length - 1] = { ...last, end: gap.end };
    } else {
      found.push(gap);
    }
  }
  return found;
}

/** What is drawn of the points chosen; a point that the answer lacks has no rows yet. */
export function chartOf(chosen: Chosen[], answer: QueryAnswer | undefined, span: Span): Chart {
  const answered = new Map(answer?.series.map((series) => [series.point_name, series]));
  const banded = answer?.data_type === "aggregate";
  const perLine = banded ? 3 : 1;
  const lines = chosen.map((point, place): Line => {
    const series = answered.get(point.name);
    return {
      ...point,
      times: series?.timestamps ?? [],
      values: series?.values ?? [],
      low: (banded && series?.min) || [],
      high: (banded && series?.max) || [],
      gaps: (series?.gaps ?? []).map(({ start, end, reason }) => ({
        from: Date.parse(start),
        to: Date.parse(end),
        reason,
      })),
      expected: series?.coverage.expected ?? null,
      received: series?.coverage.received ?? 0,
      column: 1 + place * perLine + (banded ? 2 : 0),
      factor: 1,
      alone: [],
    };
  });
  setFactors(lines);
  const table = uPlot.join(
    [[[span.from, span.to]], ...lines.map((line) => tableOf(line, banded))],
    // What is missing of one line because another has a sample there is no gap, unless it is in one.
    [[1], ...lines.map(() => (banded ? [1, 2, 2, 2] : [1, 2]))],
  );
  for (const line of lines) line.alone = aloneIn(table[line.column] as Column);
  return {
    lines,
    table,
    banded,
    gaps: commonGaps(lines.map((line) => line.gaps)),
    rows: lines.reduce((sum, line) => sum + line.times.length, 0),
  };
}

/** The lines of a scale share the least factor that one of them needs. */
function setFactors(lines: Line[]): void {
  const least = new Map<string, number>();
  for (const { unit, values, low, high } of lines) {
    const factors = [values, low, high].map(factorOf);
    least.set(scaleOf(unit), Math.min(least.get(scaleOf(unit)) ?? 1, ...factors));
  }
  for (const line of lines) line.factor = least.get(scaleOf(line.unit)) ?? 1;
}

type Column = (number | null | undefined)[];

/** A line's own table: band first, so that the line lies over it, with a null in the midst of each gap. */
function tableOf({ times, values, low, high, gaps, factor }: Line, banded: boolean): uPlot.AlignedData {
  const columns: Column[] = banded ? [low, high, values] : [values];
  const xs: number[] = [];
  const ys: Column[] = columns.map(() => []);
  let next = 0;
  const take = (until: number) => {
    for (; next < times.length && (times[next] as number) < until; next++) {
      xs.push(times[next] as number);
      columns.forEach((column, place) => {
        const value = column[next];
        // What is no finite number breaks its line, and no other one.
        ys[place]?.push(typeof value === "number" && Number.isFinite(value) ? value * factor : null);
      });
    }
  };
  for (const gap of gaps) {
    const middle = (gap.from + gap.to) / 2;
    take(middle);
    if (times[next] === middle) continue;
    xs.push(middle);
    for (const column of ys) column.push(null);
  }
  take(Number.POSITIVE_INFINITY);
  return [xs, ...ys];
}

/** Rows with a value between two gaps, which a line would leave out. */
function aloneIn(column: Column): number[] {
  const rows = [...column.keys()].filter((row) => column[row] !== undefined);
  const missing = (row: number | undefined) => row === undefined || column[row] === null;
  return rows.filter((row, at) => !missing(row) && missing(rows[at - 1]) && missing(rows[at + 1]));
}

/** The spans that are gaps of all lines, with the reason of the first. */
export function commonGaps(gaps: GapSpan[][]): GapSpan[] {
  return gaps.length ? gaps.reduce(overlaps) : [];
}

function overlaps(one: GapSpan[], other: GapSpan[]): GapSpan[] {
  const found: GapSpan[] = [];
  for (let [left, right] = [0, 0]; left < one.length && right < other.length; ) {
    const [a, b] = [one[left] as GapSpan, other[right] as GapSpan];
    const [from, to] = [Math.max(a.from, b.from), Math.min(a.to, b.to)];
    if (from < to) found.push({ from, to, reason: a.reason });
    if (a.to < b.to) left++;
    else right++;
  }
  return found;
}

/** The axes of a chart: a unit each in the order of the points, sides in turn; further units have a scale and no axis. */
export function axesOf(chosen: Chosen[], most: number): { unit: string; scale: string; side: 1 | 3 }[] {
  const units = [...new Set(chosen.map(({ unit }) => symbol(unit)))];
  return units.slice(0, most).map((unit, place) => ({
    unit,
    scale: scaleOf(unit),
    side: place % 2 ? 1 : 3,
  }));
}

export function scaleOf(unit: string): string {
  return `y ${symbol(unit)}`;
}

/** Colours of points: each keeps its own while it is chosen, and a new one gets the first that is free. */
export function slotsOf(names: string[], before: ReadonlyMap<string, number>): Map<string, number> {
  const slots = new Map(
    names.filter((name) => before.has(name)).map((name) => [name, before.get(name) ?? 0]),
  );
  const taken = new Set(slots.values());
  let free = 0;
  for (const name of names) {
    if (slots.has(name)) continue;
    while (taken.has(free)) free++;
    taken.add(free);
    slots.set(name, free);
  }
  return slots;
}

/** What a line reads at a time: the nearest sample, or the gap that it falls into. */
export type Reading =
  | { kind: "sample"; time: number; value: number; low: number | undefined; high: number | undefined }
  | { kind: "gap"; gap: GapSpan }
  | { kind: "none" };

export function readAt(line: Line, time: number): Reading {
  const { times, gaps } = line;
  const after = firstAtOrAfter(times, time);
  const gap = gaps.find(({ from, to }) => from < time && time < to);
  if (gap && times[after] !== time) return { kind: "gap", gap };
  const [left, right] = [times[after - 1], times[after]];
  if (left === undefined && right === undefined) return { kind: "none" };
  const nearest =
    right === undefined || (left !== undefined && time - left <= right - time) ? after - 1 : after;
  return sampleAt(line, nearest);
}

/** The last sample drawn. */
export function lastOf(line: Line): Reading {
  return line.times.length ? sampleAt(line, line.times.length - 1) : { kind: "none" };
}

function sampleAt({ times, values, low, high }: Line, place: number): Reading {
  return {
    kind: "sample",
    time: times[place] as number,
    value: values[place] as number,
    low: low[place],
    high: high[place],
  };
}

/** The place of the first time that is not before another, in times in order. */
export function firstAtOrAfter(times: readonly number[], time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How much of what was to be expected is there, of the lines of which it is known. */
export function coverageOf(lines: Line[]): { received: number; expected: number } | undefined {
  const known = lines.filter(({ expected }) => expected);
  if (!known.length) return undefined;
  return {
    received: known.reduce((sum, line) => sum + Math.min(line.received, line.expected ?? 0), 0),
    expected: known.reduce((sum, line) => sum + (line.expected ?? 0), 0),
  };
}

export const REASONS: Record<Gap["reason"], string> = {
  not_polled: "not polled",
  no_data: "no data came",
  rejected: "values were rejected",
};
