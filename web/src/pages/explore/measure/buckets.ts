// The edges of buckets in a time zone.

import { type CalendarUnit, unitStart } from "../../../ui/calendar-units";
import { wallClock } from "../../../ui/zone";
import type { Span } from "../range/range";
import { BUCKETS, type Bucket } from "./resolutions";

const UNITS: Partial<Record<Bucket, CalendarUnit>> = { "1d": "day", "1w": "week", "1mo": "month" };

/** Returns the start of the bucket that contains a time. */
export function bucketStart(ms: number, bucket: Bucket, timeZone: string): number {
  const unit = UNITS[bucket];
  if (unit) return unitStart(ms, unit, timeZone);
  const sinceStart = wallClock(ms, timeZone) % BUCKETS[bucket];
  return ms - sinceStart;
}

/** Returns the end of the bucket that contains a time. */
export function bucketEnd(ms: number, bucket: Bucket, timeZone: string): number {
  const unit = UNITS[bucket];
  if (unit) return unitStart(ms, unit, timeZone, 1);
  return bucketStart(ms, bucket, timeZone) + BUCKETS[bucket];
}

/** Returns the span of all buckets that a span touches. */
export function wholeBuckets({ from, to }: Span, bucket: Bucket, timeZone: string): Span {
  return { from: bucketStart(from, bucket, timeZone), to: bucketEnd(to - 1, bucket, timeZone) };
}
