// Moves the rows of an earlier range onto the axis of a chart.

import type { Gap, Series } from "../../../api/types";
import { unitStart } from "../../../ui/calendar-units";
import { DAY_MS } from "../../../ui/days";
import { latestClock, timeReaching, wallClock } from "../../../ui/zone";
import { columnsOf } from "../data/pages";
import { longUnit } from "../measure/buckets";
import type { Bucket } from "../measure/resolutions";
import { HOUR, MINUTE } from "../range/range";
import type { Distance } from "./versus";

/** Clocks change at multiples of it. */
const CELL = 30 * MINUTE;

/** A move to the same local time of a later range. */
export type Later = {
  /** Returns the time of a sample; undefined when the clock skips it there, or has shown it before here. */
  sample: (ms: number) => number | undefined;
  /** Returns the time of an edge of a bucket or a gap, which never goes back. */
  edge: (ms: number) => number;
};

/** How times of a cell move: all by as much, or all to one edge. */
type Cell = { shift: number } | { edge: number };

/** Returns the move of buckets over a distance, or of samples without a bucket. */
export function laterOf({ days, units }: Distance, bucket: Bucket | undefined, timeZone: string): Later {
  const unit = longUnit(bucket);
  return unit && units ? laterByUnits(units, unit, timeZone) : laterBy(days, timeZone);
}

/** Returns the move by local days. */
export function laterBy(days: number, timeZone: string): Later {
  const shiftOf = dayShifts(days, timeZone);
  const cellOf = cached((index): Cell => {
    const wall = wallClock(index * CELL, timeZone) + days * DAY_MS;
    const edge = timeReaching(latestClock(index * CELL, timeZone) + days * DAY_MS, timeZone);
    return wallClock(edge, timeZone) === wall ? { shift: edge - index * CELL } : { edge };
  });
  const moveOf = (ms: number): Cell => {
    const shift = shiftOf(Math.floor(ms / DAY_MS));
    return shift === undefined ? cellOf(Math.floor(ms / CELL)) : { shift };
  };
  return {
    sample: (ms) => {
      const move = moveOf(ms);
      return "shift" in move ? ms + move.shift : undefined;
    },
    edge: (ms) => {
      const move = moveOf(ms);
      return "shift" in move ? ms + move.shift : move.edge;
    },
  };
}

/** Returns the function that has the shift of a UTC day; undefined where a clock changes near one of both days. */
function dayShifts(days: number, timeZone: string): (day: number) => number | undefined {
  const offsetOf = cached((day) => wallClock(day * DAY_MS, timeZone) - day * DAY_MS);
  const steadyOffset = (day: number) =>
    offsetOf(day - 1) === offsetOf(day + 2) ? offsetOf(day) : Number.NaN;
  return cached((day) => {
    const shift = days * DAY_MS + steadyOffset(day) - steadyOffset(day + days);
    return Number.isNaN(shift) ? undefined : shift;
  });
}

/** Returns a function that computes each value once: clocks of zones are slow. */
function cached<V>(make: (key: number) => V): (key: number) => V {
  const values = new Map<number, V>();
  return (key) => {
    if (!values.has(key)) values.set(key, make(key));
    return values.get(key) as V;
  };
}

/** Returns the move by weeks or months, each onto a whole one: what a shorter month lacks is at its end. */
export function laterByUnits(count: number, unit: "week" | "month", timeZone: string): Later {
  const edge = (ms: number) => {
    const sinceStart = latestClock(ms, timeZone) - wallClock(unitStart(ms, unit, timeZone), timeZone);
    const [start, end] = [count, count + 1].map((later) => unitStart(ms, unit, timeZone, later)) as [
      number,
      number,
    ];
    return Math.min(end, timeReaching(wallClock(start, timeZone) + sinceStart, timeZone));
  };
  return { sample: edge, edge };
}

type Row = { row: number; from: number; to: number };

/**
 * Returns a series at later times. A bucket of a local hour that is not there is left out; of one that occurs
 * twice, the first remains.
 */
export function shifted(series: Series, later: Later): Series {
  const rows = series.ends ? bucketRows(series.timestamps, series.ends, later) : sampleRows(series, later);
  const partial = new Set(series.partial);
  return {
    ...series,
    ...columnsOf(series, (column) => rows.map(({ row }) => column[row])),
    timestamps: rows.map(({ from }) => from),
    ...(series.ends && { ends: rows.map(({ to }) => to) }),
    partial: [...rows.keys()].filter((index) => partial.has(rows[index]?.row as number)),
    gaps: series.gaps.flatMap((gap) => shiftedGap(gap, later)),
  };
}

function bucketRows(starts: readonly number[], ends: readonly number[], { edge }: Later): Row[] {
  return starts.flatMap((start, row) => {
    const end = ends[row] as number;
    // A bucket of up to an hour is of one of two equal hours, a longer one of both.
    const longest = end - start > HOUR ? Number.POSITIVE_INFINITY : end - start;
    const from = edge(start);
    const to = Math.min(edge(end), from + longest);
    return from < to ? [{ row, from, to }] : [];
  });
}

function sampleRows({ timestamps }: Series, { sample }: Later): Row[] {
  return timestamps.flatMap((time, row) => {
    const from = sample(time);
    return from === undefined ? [] : [{ row, from, to: from }];
  });
}

function shiftedGap(gap: Gap, { edge }: Later): Gap[] {
  const [start, end] = [edge(Date.parse(gap.start)), edge(Date.parse(gap.end))];
  if (start >= end) return [];
  return [{ ...gap, start: new Date(start).toISOString(), end: new Date(end).toISOString() }];
}
