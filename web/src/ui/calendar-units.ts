// Days, weeks, months and years of a time zone.

import { DAY_MS } from "./days";
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

/** Returns how many weeks or months the unit of a time is after that of another time. */
export function unitsBetween(other: number, ms: number, unit: "week" | "month", timeZone: string): number {
  const [from, to] = [other, ms].map(
    (time) => new Date(wallClock(unitStart(time, unit, timeZone), timeZone)),
  );
  if (!from || !to) return 0;
  if (unit === "week") return Math.round((to.getTime() - from.getTime()) / (7 * DAY_MS));
  return 12 * (to.getUTCFullYear() - from.getUTCFullYear()) + to.getUTCMonth() - from.getUTCMonth();
}

/** Returns the local date of a time, such as 2026-11-23. */
export function localDate(ms: number, timeZone: string): string {
  return new Date(wallClock(ms, timeZone)).toISOString().slice(0, 10);
}
