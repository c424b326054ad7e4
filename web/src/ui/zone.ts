// Clocks of IANA time zones. A wall clock is what a clock of the zone shows, as if it were UTC, in ms.

import { DAY_MS } from "./days";

/** Returns the zone, or UTC when the browser does not support it. */
export function supportedZone(timeZone: string): string {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
    return timeZone;
  } catch {
    return "UTC";
  }
}

/** Returns the zone of the browser. */
export function browserZone(): string {
  return supportedZone(new Intl.DateTimeFormat().resolvedOptions().timeZone);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Returns the offset of a zone from UTC in ms, at a time. */
function offsetOf(ms: number, timeZone: string): number {
  if (Number.isNaN(ms)) return ms;
  const format =
    formats.get(timeZone) ?? new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" });
  formats.set(timeZone, format);
  const [, sign, hours = 0, minutes = 0, seconds = 0] =
    /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(format.format(ms)) ?? [];
  const size = 1000 * (3600 * Number(hours) + 60 * Number(minutes) + Number(seconds));
  return sign === "-" ? -size : size;
}

/** Returns the wall clock of a zone at a time. */
export function wallClock(ms: number, timeZone: string): number {
  return ms + offsetOf(ms, timeZone);
}

/** Returns the first time at which the wall clock of a zone shows `wall` or, when it skips that, more. */
export function instantOf(wall: number, timeZone: string): number {
  const [first, second] = [wall - DAY_MS, wall + DAY_MS]
    .map((near) => wall - offsetOf(near, timeZone))
    .sort((a, b) => a - b) as [number, number];
  return wallClock(first, timeZone) === wall ? first : second;
}

/** Returns the first time at which the wall clock of a zone shows `wall` or more: the change when it skips that. */
export function timeReaching(wall: number, timeZone: string): number {
  const instant = instantOf(wall, timeZone);
  const skipped = wallClock(instant, timeZone) - wall;
  if (skipped <= 0) return instant;
  const before = instant - skipped;
  return changeAfter(before, instant, offsetOf(before, timeZone), timeZone);
}

/** Returns the latest that the wall clock of a zone has shown until a time: it stands still in a repeated hour. */
export function latestClock(ms: number, timeZone: string): number {
  const wall = wallClock(ms, timeZone);
  const first = instantOf(wall, timeZone);
  if (first >= ms) return wall;
  const offset = offsetOf(first, timeZone);
  return changeAfter(first, ms, offset, timeZone) + offset;
}

/** A time in which the offset of a zone from UTC (ms) stays the same. */
export type OffsetPeriod = { from: number; to: number; offset: number };

/** Returns the periods of [from, to); a zone must keep an offset for more than a day. */
export function offsetPeriods(from: number, to: number, timeZone: string): OffsetPeriod[] {
  const periods: OffsetPeriod[] = [];
  let current: OffsetPeriod = { from, to, offset: offsetOf(from, timeZone) };
  for (let day = from; day < to; day += DAY_MS) {
    const next = Math.min(to, day + DAY_MS);
    const offset = offsetOf(next, timeZone);
    if (offset === current.offset) continue;
    const change = changeAfter(day, next, current.offset, timeZone);
    periods.push({ ...current, to: change });
    current = { from: change, to, offset };
  }
  return [...periods, current].filter((period) => period.from < period.to);
}

/** Returns the first time in (start, end] at which the offset of a zone is no longer `offset`. */
function changeAfter(start: number, end: number, offset: number, timeZone: string): number {
  let [low, high] = [start, end];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetOf(middle, timeZone) === offset) low = middle;
    else high = middle;
  }
  return high;
}
