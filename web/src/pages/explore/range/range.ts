// The range of a chart: ranges that follow the current time, fixed spans, and moves of both.

import { dayStart, EARLIEST } from "../../../ui/days";
import { type CalendarRange, calendarSpan, isCalendar, isPast } from "./calendar";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const PRESETS = {
  "1h": HOUR,
  "6h": 6 * HOUR,
  "24h": DAY,
  "7d": 7 * DAY,
  "30d": 30 * DAY,
  "90d": 90 * DAY,
  "1y": 365 * DAY,
} as const;
export type Preset = keyof typeof PRESETS;

/** [from, to) in epoch milliseconds. */
export type Span = { from: number; to: number };

/** A range with a name, which depends on the current time. */
export type NamedRange = Preset | CalendarRange;

/** A named range moves with the current time; a span is fixed. */
export type Range = NamedRange | Span;

export const DEFAULT: Preset = "24h";
/** Older samples are not stored; an earlier edge becomes this time. */
export const FIRST = dayStart(EARLIEST);
const LAST = Date.parse("9999-12-31T23:59:59Z");
const SHORTEST = 10 * SECOND;
/** The longest range of a query. */
export const LONGEST = 365 * DAY;

export function isNamed(range: Range): range is NamedRange {
  return typeof range === "string";
}

/** Whether the range ends now and follows the current time. */
export function isLive(range: Range): range is NamedRange {
  return isNamed(range) && !(isCalendar(range) && isPast(range));
}

/** Returns the range in an address: `from` and `to` when they are a valid span, else `range`, else the default. */
export function parseRange(parameters: URLSearchParams): Range {
  const timeOf = (name: string) => Math.round(Date.parse(parameters.get(name) ?? "") / SECOND) * SECOND;
  const span = { from: timeOf("from"), to: timeOf("to") };
  if (isSpan(span)) return stored(span);
  const named = parameters.get("range") ?? "";
  if (isCalendar(named)) return named;
  return Object.hasOwn(PRESETS, named) ? (named as Preset) : DEFAULT;
}

/** Whether the edges are times in order that the API accepts. */
export function isSpan({ from, to }: Span): boolean {
  return from < to && to <= LAST;
}

/** Returns the span without the time before 1990; a span that ends before becomes the first seconds of 1990. */
export function stored({ from, to }: Span): Span {
  return { from: Math.max(FIRST, from), to: to > FIRST ? to : FIRST + SHORTEST };
}

export function formatRange(range: Range): [string, string][] {
  if (isNamed(range)) return [["range", range]];
  return [
    ["from", iso(range.from)],
    ["to", iso(range.to)],
  ];
}

/** ISO 8601 in UTC, to the second. */
export function iso(ms: number): string {
  return `${new Date(Math.round(ms / SECOND) * SECOND).toISOString().slice(0, 19)}Z`;
}

/** The steps by which a live range advances; each divides those after it. */
const STEPS = [30 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR] as const;
/** How many steps a range has at least, about as many as a chart has pixels. */
const STEPS_OF_RANGE = 1440;

/** Returns the refresh interval of a live range of a length: a minute for a day, an hour for a year. */
export function refreshMs(length: number): number {
  return STEPS.findLast((step) => step * STEPS_OF_RANGE <= length) ?? STEPS[0];
}

/** Returns the current span of a range in a zone; a live range advances in steps, so that queries can be cached. */
export function spanOf(range: Range, now: number, timeZone: string): Span {
  if (!isNamed(range)) return range;
  if (isCalendar(range)) {
    const { from, to } = calendarSpan(range, now, (length) => Math.max(MINUTE, refreshMs(length)), timeZone);
    // A leap year has a day more than a query takes.
    return { from: Math.max(from, to - LONGEST), to };
  }
  const step = refreshMs(PRESETS[range]);
  const to = Math.ceil(now / step) * step;
  return { from: to - PRESETS[range], to };
}

/** Returns the span moved by a share of its length. */
export function panned({ from, to }: Span, share: number): Span {
  const by = (to - from) * share;
  return { from: from + by, to: to + by };
}

/** Returns the span `factor` times as long; the time at `position` (0 to 1) stays in place. */
export function zoomed({ from, to }: Span, factor: number, position = 0.5): Span {
  const fixed = from + (to - from) * position;
  return { from: fixed - (fixed - from) * factor, to: fixed + (to - fixed) * factor };
}

/** Returns the span in which the times at two positions (0 to 1) are at two other positions. */
export function pinched(span: Span, before: [number, number], after: [number, number]): Span {
  const length = span.to - span.from;
  const [first, second] = before.map((position) => span.from + length * position) as [number, number];
  const apart = after[1] - after[0];
  if (Math.abs(apart) < 0.01) return span;
  const now = (second - first) / apart;
  if (now <= 0) return span;
  const from = first - after[0] * now;
  return { from, to: from + now };
}

/** Returns the nearest span of whole seconds that the API accepts, neither before 1990 nor in the future. */
export function clampSpan({ from, to }: Span, now: number): Span {
  const length = Math.min(LONGEST, Math.max(SHORTEST, Math.round((to - from) / SECOND) * SECOND));
  const middle = (from + to) / 2;
  const last = Math.ceil(now / SECOND) * SECOND;
  const start = Math.max(FIRST, Math.min(Math.round((middle - length / 2) / SECOND) * SECOND, last - length));
  return { from: start, to: start + length };
}

export function sameSpan(first: Span, second: Span): boolean {
  return first.from === second.from && first.to === second.to;
}
