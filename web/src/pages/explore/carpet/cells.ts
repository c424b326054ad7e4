// The cells of a carpet: a value, the reason of a gap, or an hour that the clock skipped.

import type { Gap, Series } from "../../../api/types";
import { bounded } from "../../../ui/bounded";
import type { GapSpan } from "../data/line";
import { HOUR, SECOND, type Span } from "../range/range";
import type { LocalHour } from "./hours";
import type { CellMeasure } from "./measure";

export type Cell =
  | { kind: "value"; value: number; repeated: boolean; partial: boolean }
  | { kind: "gap"; reason: Gap["reason"] }
  | { kind: "empty" | "skipped" | "outside" };

/** 24 cells of a local day; `day` counts from local 1970-01-01. */
export type Row = { day: number; cells: Cell[] };

const HOURS = 24;
const HOUR_SECONDS = HOUR / SECOND;

type Bucket = { value: number; count: number; seconds: number; partial: boolean };

/** Yields a row for each local day of the hours, in order, also for days without a value. */
export function* rowsOf(
  hours: readonly LocalHour[],
  series: Series | undefined,
  measure: CellMeasure,
): Generator<Row> {
  const buckets = bucketsOf(hours, series);
  const gaps = (series?.gaps ?? []).map(gapOf);
  const [first, last] = [keyOf(hours[0]), keyOf(hours.at(-1))];
  for (const { day, parts } of daysOf(hours)) {
    const cells = Array.from({ length: HOURS }, (_, hour): Cell => {
      const key = day * HOURS + hour;
      const own = parts.filter((part) => part.hour === hour);
      if (!own.length) return { kind: key < first || key > last ? "outside" : "skipped" };
      const filled = own.map(({ from }) => buckets.get(from)).filter((bucket) => bucket !== undefined);
      return filled.length ? valueCell(filled, measure) : emptyCell(own, gaps);
    });
    yield { day, cells };
  }
}

function keyOf(hour: LocalHour | undefined): number {
  return hour ? hour.day * HOURS + hour.hour : 0;
}

/** Yields the hours of each local day. */
function* daysOf(hours: readonly LocalHour[]): Generator<{ day: number; parts: LocalHour[] }> {
  for (let start = 0; start < hours.length; ) {
    const { day } = hours[start] as LocalHour;
    let end = start;
    while (hours[end]?.day === day) end++;
    yield { day, parts: hours.slice(start, end) };
    start = end;
  }
}

/** Returns the values by the start of their bucket; a start that is no local hour is left out. */
function bucketsOf(hours: readonly LocalHour[], series: Series | undefined): Map<number, Bucket> {
  const seconds = new Map(hours.map(({ from, to }) => [from, (to - from) / SECOND]));
  const partial = new Set(series?.partial);
  const buckets = new Map<number, Bucket>();
  series?.timestamps.forEach((time, row) => {
    const [length, value] = [seconds.get(time), series.values[row]];
    if (length === undefined || value === undefined || !Number.isFinite(value)) return;
    const count = series.count?.[row] ?? 1;
    buckets.set(time, { value, count, seconds: length, partial: partial.has(row) });
  });
  return buckets;
}

function valueCell(buckets: Bucket[], measure: CellMeasure): Cell {
  return {
    kind: "value",
    value: combined(buckets, measure),
    repeated: buckets.length > 1,
    partial: buckets.some(({ partial }) => partial),
  };
}

/** Returns the value of an hour that may occur twice: averaged, but the last one of a state. */
function combined(buckets: Bucket[], measure: CellMeasure): number {
  const sum = (field: (bucket: Bucket) => number) =>
    buckets.reduce((total, bucket) => total + field(bucket), 0);
  const seconds = sum((bucket) => bucket.seconds);
  const only = buckets.length === 1;
  switch (measure) {
    case "last":
      return (buckets.at(-1) as Bucket).value;
    case "mean":
      return only
        ? (buckets[0] as Bucket).value
        : sum(({ value, count }) => value * count) / sum(({ count }) => count);
    case "increase":
      return sum(({ value }) => value) / Math.max(1, seconds / HOUR_SECONDS);
    case "runtime":
      return sum(({ value }) => value) / seconds;
  }
}

function gapOf({ start, end, reason }: Gap): GapSpan {
  return { from: Date.parse(start), to: Date.parse(end), reason };
}

/** Returns the reason of the gap that covers most of a cell. */
function emptyCell(parts: LocalHour[], gaps: GapSpan[]): Cell {
  let longest: { reason: Gap["reason"]; length: number } | undefined;
  for (const gap of gaps) {
    if (gap.to <= (parts[0]?.from ?? 0)) continue;
    const length = parts.reduce((total, hour) => total + overlap(gap, hour), 0);
    if (length > (longest?.length ?? 0)) longest = { reason: gap.reason, length };
  }
  return longest ? { kind: "gap", reason: longest.reason } : { kind: "empty" };
}

function overlap(first: Span, second: Span): number {
  return Math.max(0, Math.min(first.to, second.to) - Math.max(first.from, second.from));
}

/** The position of a cell in the rows. */
export type Position = { row: number; hour: number };

/** Returns the position that a key moves to, within the rows. */
export function positionByKey({ row, hour }: Position, key: string, rows: number): Position | undefined {
  const target: Record<string, Position> = {
    ArrowLeft: { row, hour: hour - 1 },
    ArrowRight: { row, hour: hour + 1 },
    ArrowUp: { row: row - 1, hour },
    ArrowDown: { row: row + 1, hour },
    Home: { row, hour: 0 },
    End: { row, hour: HOURS - 1 },
    PageUp: { row: row - 7, hour },
    PageDown: { row: row + 7, hour },
  };
  const next = Object.hasOwn(target, key) ? target[key] : undefined;
  return next && { row: bounded(next.row, 0, rows - 1), hour: bounded(next.hour, 0, HOURS - 1) };
}
