// Ranges of local days: today, last week.

import { type CalendarUnit, unitStart } from "../../../ui/calendar-units";

type CalendarRangeInfo = { title: string; unit: CalendarUnit; help: string; past?: true };

/** The ranges by their name in the address. */
export const CALENDAR = {
  today: { title: "Today", unit: "day", help: "Since midnight" },
  yesterday: { title: "Yesterday", unit: "day", help: "The whole day before", past: true },
  "this-week": { title: "This week", unit: "week", help: "Since Monday" },
  "last-week": { title: "Last week", unit: "week", help: "Monday to Sunday", past: true },
  "this-month": { title: "This month", unit: "month", help: "Since the first" },
  "last-month": { title: "Last month", unit: "month", help: "The whole month before", past: true },
  "this-year": { title: "This year", unit: "year", help: "Since 1 January" },
} as const satisfies Record<string, CalendarRangeInfo>;

export type CalendarRange = keyof typeof CALENDAR;

export function isCalendar(range: unknown): range is CalendarRange {
  return typeof range === "string" && Object.hasOwn(CALENDAR, range);
}

/** Whether the range has ended, so that it does not follow the current time. */
export function isPast(range: CalendarRange): boolean {
  return "past" in CALENDAR[range];
}

/** Returns the current span of a range; one that has not ended ends with the current step of its length, or with its unit. */
export function calendarSpan(
  range: CalendarRange,
  now: number,
  stepOf: (length: number) => number,
  timeZone: string,
) {
  const { unit } = CALENDAR[range];
  const from = unitStart(now, unit, timeZone);
  if (isPast(range)) return { from: unitStart(now, unit, timeZone, -1), to: from };
  const step = stepOf(now - from);
  const to = (Math.floor(now / step) + 1) * step;
  // Steps are of UTC, whose hours are not those of each zone.
  return { from, to: Math.min(to, unitStart(now, unit, timeZone, 1)) };
}
