// Days, weeks, months and years of a time zone.

import { instantOf, wallClock } from "./zone";

export type CalendarUnit = "day" | "week" | "month" | "year";

/** Returns the start of the unit that contains a time, or of the unit `later` units after it; weeks begin on Monday. */
export function unitStart(ms: number, unit: CalendarUnit, timeZone: string, later = 0): number {
  const wall = new Date(wallClock(ms, timeZone));
  const [year, month, day] = [wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate()];
  const sinceMonday = (wall.getUTCDay() + 6) % 7;
  const starts = {
    day: Date.UTC(year, month, day + later),
    week: Date.UTC(year, month, day - sinceMonday + 7 * later),
    month: Date.UTC(year, month + later),
    year: Date.UTC(year + later, 0),
  };
  return instantOf(starts[unit], timeZone);
}

/** Returns the local date of a time, such as 2026-11-23. */
export function localDate(ms: number, timeZone: string): string {
  return new Date(wallClock(ms, timeZone)).toISOString().slice(0, 10);
}
