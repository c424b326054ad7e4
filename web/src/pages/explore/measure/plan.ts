// Which points of a chart are measured in buckets, and which are drawn from samples.

import type { Point } from "../../../api/types";
import type { Span } from "../range/range";
import { wholeBuckets } from "./buckets";
import { hasMeasure, isTotal, type Measure } from "./measures";
import {
  automaticBucket,
  type Bucket,
  bucketReason,
  isBucket,
  type Resolution,
  rawReason,
} from "./resolutions";

/** What an address chooses. */
export type Choice = { resolution: Resolution; measure: Measure | undefined };

export type Plan = {
  /** The bucket of measured points; undefined when all points are drawn from samples. */
  bucket: Bucket | undefined;
  /** The measure; undefined for the mean. */
  measure: Measure | undefined;
  measured: string[];
  sampled: string[];
  /** Whether the samples are all read, at any cost. */
  raw: boolean;
};

/** Returns the queries of a chart. A resolution that does not fit the span is replaced by the automatic one. */
export function planOf({ resolution, measure }: Choice, points: readonly Point[], span: Span): Plan {
  const measurable = points.filter(({ kind }) => hasMeasure(kind, measure)).length;
  // Until the points are loaded, the choice is shown as it is.
  const bucket =
    measurable || !points.length ? fittingBucket(resolution, measure, span, measurable) : undefined;
  const isMeasured = ({ kind }: Point) => bucket !== undefined && hasMeasure(kind, measure);
  const intervals = points.map(({ interval_seconds }) => interval_seconds);
  return {
    bucket,
    measure,
    measured: points.filter(isMeasured).map(({ point_name }) => point_name),
    sampled: points.filter((point) => !isMeasured(point)).map(({ point_name }) => point_name),
    raw: resolution === "raw" && !measure && !rawReason(intervals, span),
  };
}

function fittingBucket(resolution: Resolution, measure: Measure | undefined, span: Span, points: number) {
  if (isBucket(resolution) && !bucketReason(resolution, span, points)) return resolution;
  return measure ? automaticBucket(span) : undefined;
}

/** Returns the span to show: bars are shown whole. */
export function shownSpan({ bucket, measure, measured }: Plan, span: Span, timeZone: string): Span {
  return bucket && isTotal(measure) && measured.length ? wholeBuckets(span, bucket, timeZone) : span;
}

/** Returns the span of a move from the span that is shown; a pan keeps the length of the chosen span. */
export function movedSpan(next: Span, kind: "zoom" | "pan", shown: Span, span: Span): Span {
  const by = next.from - shown.from;
  return kind === "pan" ? { from: span.from + by, to: span.to + by } : next;
}
