// Which statistics a chart needs: of its span, and of what is compared in it.

import { daysOf, distanceOf, earlierBuckets, earlierSpan, type Versus } from "../compare/versus";
import { bucketsWithin, longUnit } from "../measure/buckets";
import type { Plan } from "../measure/plan";
import { sampleQuery } from "../query";
import type { Span } from "../range/range";
import type { SummaryRequest } from "./summary";

/** Points with the spans whose statistics are compared. */
export type Pair = { points: string[]; own: Span; other: Span };

/** What is compared: `span` is of the chart, `whole` of its statistics. */
export type Comparison = { versus: Versus; plan: Plan; span: Span; whole: Span; timeZone: string };

/** Returns the spans to compare, moved as the lines of their points are; weeks and months only where they are whole. */
export function pairsOf(points: string[], comparison: Comparison): Pair[] {
  const { versus, plan, span, whole, timeZone } = comparison;
  const other = earlierSpan(whole, daysOf(versus, span, timeZone), timeZone);
  if (!longUnit(plan.bucket)) return [{ points, own: whole, other }];
  return [{ points: plan.sampled, own: whole, other }, ...pairsOfUnits(comparison)].filter(
    (pair) => pair.points.length,
  );
}

function pairsOfUnits({ versus, plan, span, timeZone }: Comparison): Pair[] {
  const { bucket, measure, measured } = plan;
  const own = bucket && bucketsWithin(span, bucket, timeZone);
  const distance = distanceOf(versus, bucket, span, timeZone);
  const other = own && earlierBuckets(own, bucket, distance, timeZone);
  // Measures are compared by their lines.
  return own && other && !measure ? [{ points: measured, own, other }] : [];
}

/** Returns the request of the statistics of points in a span. */
export function summaryRequest(site: string, points: string[], span: Span, timeZone: string): SummaryRequest {
  return { ...sampleQuery(site, points, span), timezone: timeZone };
}
