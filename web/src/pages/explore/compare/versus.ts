// The range that a chart is compared with, some local days earlier.

import { localDate } from "../../../ui/calendar-units";
import { DAY_MS, dayStart, isDay } from "../../../ui/days";
import { instantOf, wallClock } from "../../../ui/zone";
import type { Span } from "../range/range";

/** A number of days or weeks such as 364d or 1w, or the local date on which the other range begins. */
export type Versus = string;

export function parseVersus(text: string | null): Versus | undefined {
  return text !== null && (/^[1-9]\d{0,3}[dw]$/.test(text) || isDay(text)) ? text : undefined;
}

/** Returns how many days earlier the other range of a span is; negative when it is later. */
export function daysOf(versus: Versus, span: Span, timeZone: string): number {
  if (isDay(versus))
    return Math.round((dayStart(localDate(span.from, timeZone)) - dayStart(versus)) / DAY_MS);
  return Number(versus.slice(0, -1)) * (versus.endsWith("w") ? 7 : 1);
}

/** Returns the time some local days earlier, at the same local time of day. */
export function earlier(ms: number, days: number, timeZone: string): number {
  return instantOf(wallClock(ms, timeZone) - days * DAY_MS, timeZone);
}

export function earlierSpan({ from, to }: Span, days: number, timeZone: string): Span {
  return { from: earlier(from, days, timeZone), to: earlier(to, days, timeZone) };
}

/** Returns the text of a comparison: a week earlier. */
export function versusTitle(versus: Versus): string {
  if (versus === "1w") return "a week earlier";
  if (versus === "364d") return "52 weeks earlier";
  if (isDay(versus)) return `from ${versus}`;
  const count = Number(versus.slice(0, -1));
  const noun = versus.endsWith("w") ? "week" : "day";
  return `${count} ${noun}${count === 1 ? "" : "s"} earlier`;
}
