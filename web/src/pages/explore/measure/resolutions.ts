// The lengths of buckets that a chart can have.

import { counted, number } from "../../../ui/format";
import { expectedSamples } from "../points/expected";
import { DAY, HOUR, MINUTE, type Span } from "../range/range";

/** The typical length of each bucket, by its name in queries and in the address. */
export const BUCKETS = {
  "5m": 5 * MINUTE,
  "15m": 15 * MINUTE,
  "1h": HOUR,
  "1d": DAY,
  "1w": 7 * DAY,
  "1mo": 30 * DAY,
} as const;

export type Bucket = keyof typeof BUCKETS;

/** `auto` is absent from the address. */
export type Resolution = "auto" | "raw" | Bucket;

export const BUCKET_TITLES: Record<Bucket, string> = {
  "5m": "5 minutes",
  "15m": "15 minutes",
  "1h": "1 hour",
  "1d": "1 day",
  "1w": "1 week",
  "1mo": "1 month",
};

/** Returns a rate of buckets: per 15 minutes, per day. */
export function perBucket(bucket: Bucket): string {
  return `per ${BUCKET_TITLES[bucket].replace(/^1 /, "")}`;
}

/** The rows that one page of an answer has. */
const MAX_BUCKETS = 30_000;
/** The samples that the API reads for a chart with resolution=raw. */
const MAX_RAW = 5_000_000;

export function isBucket(text: string | null): text is Bucket {
  return text !== null && Object.hasOwn(BUCKETS, text);
}

export function parseResolution(text: string | null): Resolution {
  return text === "raw" || isBucket(text) ? text : "auto";
}

/** Returns the bucket that a measure has in a span when no bucket is chosen. */
export function automaticBucket({ from, to }: Span): Bucket {
  const length = to - from;
  if (length <= 2 * DAY) return "1h";
  return length <= 92 * DAY ? "1d" : "1mo";
}

/** Returns why a chart of `points` points cannot have these buckets; undefined when it can. */
export function bucketReason(bucket: Bucket, span: Span, points: number): string | undefined {
  const buckets = (points * (span.to - span.from)) / BUCKETS[bucket];
  return buckets > MAX_BUCKETS
    ? `A chart of this range would have more than ${number(MAX_BUCKETS)} buckets`
    : undefined;
}

/** Returns why a chart cannot have all samples; `intervals` has the collection interval of each point. */
export function rawReason(intervals: (number | null)[], span: Span): string | undefined {
  return expectedSamples(intervals, span) > MAX_RAW
    ? `A chart of this range would read more than ${counted(MAX_RAW, "sample")}`
    : undefined;
}
