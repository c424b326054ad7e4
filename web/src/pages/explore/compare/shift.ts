// Moves the rows of an earlier range onto the axis of a chart.

import type { Gap, Series } from "../../../api/types";
import { DAY_MS } from "../../../ui/days";
import { instantOf, wallClock } from "../../../ui/zone";
import { MINUTE } from "../range/range";

/** Clocks change at multiples of it. */
const CELL = 30 * MINUTE;

/** Returns a time some local days later; undefined when the clock skips that local time. */
export type Later = (ms: number) => number | undefined;

export function laterBy(days: number, timeZone: string): Later {
  const shifts = new Map<number, number | undefined>();
  const shiftOf = (ms: number) => {
    const wall = wallClock(ms, timeZone) + days * DAY_MS;
    const later = instantOf(wall, timeZone);
    return wallClock(later, timeZone) === wall ? later - ms : undefined;
  };
  return (ms) => {
    const cell = Math.floor(ms / CELL);
    if (!shifts.has(cell)) shifts.set(cell, shiftOf(ms));
    const shift = shifts.get(cell);
    return shift === undefined ? undefined : ms + shift;
  };
}

/** Returns a series at later times; of a local hour that occurs twice, the first remains. */
export function shifted(series: Series, later: Later): Series {
  const rows: number[] = [];
  const timestamps: number[] = [];
  series.timestamps.forEach((time, row) => {
    const moved = later(time);
    if (moved === undefined || moved <= (timestamps.at(-1) ?? Number.NEGATIVE_INFINITY)) return;
    rows.push(row);
    timestamps.push(moved);
  });
  const only = <T>(column: T[]) => rows.map((row) => column[row] as T);
  const partial = new Set(series.partial);
  return {
    ...series,
    timestamps,
    values: only(series.values),
    ...(series.min && { min: only(series.min) }),
    ...(series.max && { max: only(series.max) }),
    ...(series.last && { last: only(series.last) }),
    ...(series.known && { known: only(series.known) }),
    ...(series.ends && { ends: only(series.ends).map((end) => later(end) ?? end) }),
    partial: [...rows.keys()].filter((index) => partial.has(rows[index] as number)),
    gaps: series.gaps.flatMap((gap) => shiftedGap(gap, later)),
  };
}

function shiftedGap(gap: Gap, later: Later): Gap[] {
  const [start, end] = [gap.start, gap.end].map((edge) => later(Date.parse(edge)));
  if (start === undefined || end === undefined || start >= end) return [];
  return [{ ...gap, start: new Date(start).toISOString(), end: new Date(end).toISOString() }];
}
