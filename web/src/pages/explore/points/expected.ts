import { SECOND, type Span } from "../range/range";

const DEFAULT_INTERVAL_SECONDS = 60;

/** Returns about how many samples a span has; `intervals` has the collection interval of each point in seconds. */
export function expectedSamples(intervals: readonly (number | null)[], { from, to }: Span): number {
  const seconds = (to - from) / SECOND;
  const counts = intervals.map((interval) => seconds / (interval || DEFAULT_INTERVAL_SECONDS));
  return Math.round(counts.reduce((sum, count) => sum + count, 0));
}
