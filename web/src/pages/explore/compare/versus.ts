// The range that a chart is compared with, some local days earlier.

import { localDate, unitStart, unitsBetween } from "../../../ui/calendar-units";
import { DAY_MS, dayStart, isDay } from "../../../ui/days";
import { instantOf, wallClock } from "../../../ui/zone";
import { bucketText } from "../format";
import { bucketOf, longUnit, wholeBuckets } from "../measure/buckets";
import { type Plan, shownSpan } from "../measure/plan";
import type { Bucket } from "../measure/resolutions";
import type { Span } from "../range/range";

/** A number of days or weeks such as 364d or 1w, or the local date on which the other range begins. */
export type Versus = string;

const UNIT_DAYS = { week: 7, month: 365.2425 / 12 };

export function parseVersus(text: string | null): Versus | undefined {
  return text !== null && (/^[1-9]\d{0,3}[dw]$/.test(text) || isDay(text)) ? text : undefined;
}

/** Returns how many days earlier the other range of a span is; negative when it is later. */
export function daysOf(versus: Versus, span: Span, timeZone: string): number {
  if (isDay(versus))
    return Math.round((dayStart(localDate(span.from, timeZone)) - dayStart(versus)) / DAY_MS);
  return Number(versus.slice(0, -1)) * (versus.endsWith("w") ? 7 : 1);
}

/** How far earlier the other range is: in days, and buckets of weeks or months in whole ones of them. */
export type Distance = { days: number; units: number | undefined };

/** Returns the distance of the other range; 0 units when its buckets would be those of the range itself. */
export function distanceOf(
  versus: Versus,
  bucket: Bucket | undefined,
  span: Span,
  timeZone: string,
): Distance {
  const days = daysOf(versus, span, timeZone);
  const unit = longUnit(bucket);
  if (!unit) return { days, units: undefined };
  const units = isDay(versus)
    ? unitsBetween(instantOf(dayStart(versus), timeZone), span.from, unit, timeZone)
    : Math.round(days / UNIT_DAYS[unit]);
  return { days, units };
}

/** Returns the time some local days earlier, at the same local time of day. */
export function earlier(ms: number, days: number, timeZone: string): number {
  return instantOf(wallClock(ms, timeZone) - days * DAY_MS, timeZone);
}

export function earlierSpan({ from, to }: Span, days: number, timeZone: string): Span {
  return { from: earlier(from, days, timeZone), to: earlier(to, days, timeZone) };
}

/** Returns the span of the other range's buckets; undefined when they are those of the range itself. */
export function earlierBuckets(
  span: Span,
  bucket: Bucket | undefined,
  { days, units }: Distance,
  timeZone: string,
): Span | undefined {
  const unit = longUnit(bucket);
  if (!bucket || !unit || units === undefined) return earlierSpan(span, days, timeZone);
  if (!units) return undefined;
  const { from, to } = wholeBuckets(span, bucket, timeZone);
  return { from: unitStart(from, unit, timeZone, -units), to: unitStart(to, unit, timeZone, -units) };
}

/** Returns the text of a comparison: a week earlier; of buckets of weeks or months by how many of them it moves. */
export function versusTitle(
  versus: Versus,
  bucket: Bucket | undefined,
  span: Span,
  timeZone: string,
): string {
  const { units } = distanceOf(versus, bucket, span, timeZone);
  const unit = longUnit(bucket);
  if (unit && isDay(versus))
    return `${hasOneBucket(span, bucket, timeZone) ? "" : "from "}the ${unit} of ${versus}`;
  if (isDay(versus)) return `from ${versus}`;
  if (!unit || units === undefined) return `${lengthText(versus)} earlier`;
  if (units === 0) return `the same ${unit}`;
  if (unit === "month" && units === 12) return "a year earlier";
  return `${units === 1 ? `a ${unit}` : `${units} ${unit}s`} earlier`;
}

function lengthText(versus: Versus): string {
  if (versus === "1w") return "a week";
  if (versus === "364d") return "52 weeks";
  const count = Number(versus.slice(0, -1));
  const noun = versus.endsWith("w") ? "week" : "day";
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Whether a span is in one bucket. */
export function hasOneBucket(span: Span, bucket: Bucket | undefined, timeZone: string): boolean {
  return bucket !== undefined && bucketOf(span.from, bucket, timeZone).to >= span.to;
}

/** The range that buckets, or samples without a bucket, are compared with. */
export type ComparedRange = { title: string; distance: Distance; span: Span };

/** Returns the compared range of a span; undefined when its buckets would be those of the span itself. */
export function comparedRange(
  versus: Versus,
  bucket: Bucket | undefined,
  span: Span,
  timeZone: string,
): ComparedRange | undefined {
  const distance = distanceOf(versus, bucket, span, timeZone);
  const other = earlierBuckets(span, bucket, distance, timeZone);
  return other && { title: versusTitle(versus, bucket, span, timeZone), distance, span: other };
}

/** Returns what a chart is compared with in words: one text, or two where buckets and samples differ. */
export function versusTexts(versus: Versus, plan: Plan, span: Span, timeZone: string): string[] {
  const { bucket, measured, sampled } = plan;
  const kinds = [...(measured.length ? [bucket] : []), ...(sampled.length ? [undefined] : [])];
  const texts = kinds.flatMap((kind) => {
    const range = comparedRange(versus, kind, span, timeZone);
    if (!range) return [];
    const shown = kind ? shownSpan(plan, span, timeZone) : span;
    const days = earlierBuckets(shown, kind, range.distance, timeZone) ?? range.span;
    return [`${range.title}, ${bucketText(days, timeZone)}`];
  });
  return [...new Set(texts)];
}

/** Returns why the buckets of a range have no compared line; undefined when they can have one. */
export function versusNote(
  versus: Versus | undefined,
  bucket: Bucket | undefined,
  span: Span,
  timeZone: string,
): string | undefined {
  if (!versus || distanceOf(versus, bucket, span, timeZone).units !== 0) return undefined;
  const unit = longUnit(bucket);
  return `Buckets of a ${unit} are not compared: those of the other range would be the same ${unit}s`;
}
