// The statistics of each line, as the table below the chart shows them.

import type { Point, Series, SummaryOfPoint } from "../../../api/types";
import { comparedName } from "../data/chosen";
import type { Line } from "../data/line";
import { hasMean, type Measure } from "../measure/measures";
import type { Statistics } from "./use-summary";

type Amount = number | null;

export type LegendRow = {
  line: Line;
  kind: Point["kind"];
  /** Whether its values are a measure of buckets. */
  isMeasured: boolean;
  min: Amount;
  mean: Amount;
  max: Amount;
  /** The last reading; of a measure, its last bucket. */
  last: Amount;
  increase: Amount;
  /** That of the point, also where the line has the unit of a measure. */
  increaseUnit: string;
  /** In seconds. */
  runtime: Amount;
  /** The sum of bars, and the share of their time about which something is known. */
  total: Amount;
  /** What the sum may be where some time is not known. */
  most: Amount;
  known: Amount;
  /** How often a counter began again in that time. */
  resets: number;
  /** Received samples, as a share of those expected. */
  coverage: Amount;
  /** What the total, the mean, the increase or the running time differs by from the compared range, and what it was there. */
  difference: Amount;
  before: Amount;
  /** How many bars both ranges have and are over, where only these are compared. */
  comparedBars: Amount;
};

export type RowInput = {
  lines: readonly Line[];
  points: readonly Point[];
  /** The points whose values are a measure of buckets. */
  measured: ReadonlySet<string>;
  measure: Measure | undefined;
  series: readonly Series[];
  statistics: Statistics;
};

/** Returns a row per line of the range itself, in the order of the lines. */
export function rowsOf(input: RowInput): LegendRow[] {
  const lines = new Map(input.lines.map((line) => [line.name, line]));
  return input.lines
    .filter(({ compared }) => !compared)
    .map((line) => rowOf(line, lines.get(comparedName(line.name)), input));
}

function rowOf(line: Line, other: Line | undefined, input: RowInput): LegendRow {
  const { summary } = input.statistics;
  const series = input.series.find((candidate) => candidate.point_name === line.name);
  const own = summary?.get(line.name);
  const kind = input.points.find((point) => point.point_name === line.name)?.kind ?? "analog";
  const isMeasured = input.measured.has(line.name);
  const values = isMeasured ? ofBuckets(line) : ofSamples(line, kind, own);
  const mean = hasMean(kind, isMeasured ? input.measure : undefined) ? values.mean : null;
  const row = {
    line,
    kind,
    isMeasured,
    ...{ min: values.min, mean, max: values.max },
    last: lastOf(line, series, own),
    increase: own?.increase ?? null,
    increaseUnit: own?.unit ?? line.unit,
    runtime: own?.runtime ?? null,
    total: line.draw === "bars" && line.times.length ? sum(line.values) : null,
    most: line.draw === "bars" && line.high.length ? sum(line.high) : null,
    known: line.draw === "bars" ? knownShare(line, series) : null,
    resets: series?.proof?.resets.length ?? 0,
    coverage: line.expected ? Math.min(1, line.received / line.expected) : null,
  };
  const { now, before, bars } = pairOf(row, other, input);
  const difference = now === null || before === null ? null : now - before;
  return { ...row, difference, before, comparedBars: line.draw === "bars" ? bars : null };
}

const NOTHING: Values = { min: null, mean: null, max: null };

type Values = { min: Amount; mean: Amount; max: Amount };

/** Returns the statistics of the buckets that are over. */
function ofBuckets(line: Line): Values {
  const values = whole(line).map(({ value }) => value);
  if (!values.length) return NOTHING;
  const [min, max] = extremes(values);
  return { min, mean: sum(values) / values.length, max };
}

/** Returns the statistics of the API, or the extremes of what is drawn, which are those of all samples. */
function ofSamples(line: Line, kind: Point["kind"], own: SummaryOfPoint | undefined): Values {
  // Numbers of states have no order.
  if (kind === "binary" || kind === "multistate") return NOTHING;
  return own ?? ofDrawn(line);
}

function ofDrawn({ values, low, high }: Line): Values {
  if (!values.length) return NOTHING;
  return {
    min: extremes(low.length ? low : values)[0],
    mean: null,
    max: extremes(high.length ? high : values)[1],
  };
}

/** Returns the last value; where means are drawn the last reading of the range, beyond which a bucket may reach. */
function lastOf({ values }: Line, series: Series | undefined, own: SummaryOfPoint | undefined): Amount {
  if (series?.last && own) return own.last;
  return (series?.last ?? values).at(-1) ?? null;
}

/** What a row and the compared range differ in; of bars, how many are compared. */
type Pair = { now: Amount; before: Amount; bars: Amount };

const NO_PAIR: Pair = { now: null, before: null, bars: null };

/** Returns what a row and the compared range differ in. */
function pairOf(
  row: Pick<LegendRow, "line" | "kind" | "mean" | "runtime" | "increase">,
  other: Line | undefined,
  { measured, statistics }: RowInput,
): Pair {
  const { line, kind } = row;
  if (measured.has(line.name)) return other ? pairOfBuckets(line, other) : NO_PAIR;
  const statistic = kind === "binary" ? "runtime" : kind === "counter" ? "increase" : "mean";
  if (row[statistic] === null) return NO_PAIR;
  const { own, other: theirs } = statistics.compared?.get(line.name) ?? {};
  return { now: own?.[statistic] ?? null, before: theirs?.[statistic] ?? null, bars: null };
}

/** Returns the totals of bars, else the means, of the buckets that are over and that both lines have. */
function pairOfBuckets(line: Line, other: Line): Pair {
  const theirs = new Map(whole(other).map(({ time, value }) => [time, value]));
  const pairs = whole(line).filter(({ time }) => theirs.has(time));
  if (!pairs.length) return NO_PAIR;
  const divisor = line.draw === "bars" ? 1 : pairs.length;
  const total = sum(pairs.map(({ value }) => value));
  const before = sum(pairs.map(({ time }) => theirs.get(time) ?? 0));
  return { now: total / divisor, before: before / divisor, bars: pairs.length };
}

function whole({ times, values, partial }: Line): { time: number; value: number }[] {
  const open = new Set(partial);
  return times.flatMap((time, row) => (open.has(row) ? [] : [{ time, value: values[row] as number }]));
}

/** Returns the known share of a total: of its proof, or of its buckets by their length. */
function knownShare({ times, ends }: Line, series: Series | undefined): Amount {
  const share = series?.proof?.known_share;
  if (share !== undefined && share !== null) return share;
  let [held, length] = [0, 0];
  series?.known?.forEach((bucketShare, row) => {
    if (bucketShare === null) return;
    const size = (ends[row] as number) - (times[row] as number);
    held += bucketShare * size;
    length += size;
  });
  return length ? held / length : null;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function extremes(values: readonly number[]): [number, number] {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return [least, greatest];
}
