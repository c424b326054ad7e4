// The edges of buckets in a time zone.

import { type CalendarUnit, unitStart } from "../../../ui/calendar-units";
import { offsetPeriods, wallClock } from "../../../ui/zone";
import type { Span } from "../range/range";
import { BUCKETS, type Bucket } from "./resolutions";

const UNITS: Partial<Record<Bucket, CalendarUnit>> = { "1d": "day", "1w": "week", "1mo": "month" };

/** Returns the unit of buckets that a move by days does not map to each other. */
export function longUnit(bucket: Bucket | undefined): "week" | "month" | undefined {
  return bucket === "1w" ? "week" : bucket === "1mo" ? "month" : undefined;
}

/** Returns the bucket that contains a time; one of up to an hour ends where the clock changes. */
export function bucketOf(ms: number, bucket: Bucket, timeZone: string): Span {
  const unit = UNITS[bucket];
  if (unit) return { from: unitStart(ms, unit, timeZone), to: unitStart(ms, unit, timeZone, 1) };
  const from = ms - (wallClock(ms, timeZone) % BUCKETS[bucket]);
  const to = from + BUCKETS[bucket];
  const period = offsetPeriods(from, to, timeZone).find((candidate) => ms < candidate.to);
  return { from: period?.from ?? from, to: period?.to ?? to };
}

/** Returns the ends of buckets by their starts, which ascend. */
export function bucketEnds(starts: readonly number[], bucket: Bucket, timeZone: string): number[] {
  if (UNITS[bucket]) return starts.map((start) => bucketOf(start, bucket, timeZone).to);
  const length = BUCKETS[bucket];
  const [first = 0, last = first] = [starts[0], starts.at(-1)];
  const periods = offsetPeriods(first, last + length, timeZone);
  let index = 0;
  return starts.map((start) => {
    while ((periods[index]?.to ?? Number.POSITIVE_INFINITY) <= start) index++;
    const { to, offset } = periods[index] ?? { to: start + length, offset: 0 };
    return Math.min(to, start - ((start + offset) % length) + length);
  });
}

/** Returns the span of the buckets that a span contains in full; undefined when there are none. */
export function bucketsWithin({ from, to }: Span, bucket: Bucket, timeZone: string): Span | undefined {
  const first = bucketOf(from, bucket, timeZone);
  const start = first.from === from ? from : first.to;
  const end = bucketOf(to, bucket, timeZone).from;
  return start < end ? { from: start, to: end } : undefined;
}

/** Returns the span of all buckets that a span touches. */
export function wholeBuckets({ from, to }: Span, bucket: Bucket, timeZone: string): Span {
  return { from: bucketOf(from, bucket, timeZone).from, to: bucketOf(to - 1, bucket, timeZone).to };
}
