// The range that a chart is compared with, some local days earlier.

import { localDate, unitStart, unitsBetween } from "../../../ui/calendar-units";
import { DAY_MS, dayStart, isDay } from "../../../ui/days";
import { instantOf, wallClock } from "../../../ui/zone";
import { longUnit, wholeBuckets } from "../measure/buckets";
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

/** Returns the text of a comparison, as of buckets: a week earlier. */
export function versusTitle(versus: Versus, bucket?: Bucket): string {
  if (versus === "1w") return "a week earlier";
  if (versus === "364d") return bucket === "1mo" ? "a year earlier" : "52 weeks earlier";
  const unit = longUnit(bucket);
  if (isDay(versus)) return unit ? `the ${unit} of ${versus}` : `from ${versus}`;
  const count = Number(versus.slice(0, -1));
  const noun = versus.endsWith("w") ? "week" : "day";
  return `${count} ${noun}${count === 1 ? "" : "s"} earlier`;
}
