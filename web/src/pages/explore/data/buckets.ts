// The length of buckets, and where their bars stand.

import { DAY, HOUR, MINUTE } from "../range/range";

const UNITS: Record<string, number> = { m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY, mo: 31 * DAY, y: 366 * DAY };
/** The share of a bucket that its bars leave free, on both sides together. */
const FREE = 0.16;

/** Returns the longest length of a bucket such as 15m or 1mo in ms; 0 for raw samples. */
export function lengthOf(resolution: string): number {
  const [, count, unit = ""] = /^(\d+)([a-z]+)$/.exec(resolution) ?? [];
  return Number(count ?? 0) * (UNITS[unit] ?? 0);
}

/** Returns the left edge and the width of one of `count` bars between two positions. */
export function barOf(start: number, end: number, index: number, count: number): [number, number] {
  const width = ((end - start) * (1 - FREE)) / count;
  return [start + ((end - start) * FREE) / 2 + index * width, Math.max(1, width)];
}
