import { describe, expect, test } from "vitest";
import { CALENDAR, type CalendarRange } from "../src/pages/explore/range/calendar";
import {
  DAY,
  formatRange,
  HOUR,
  isLive,
  LONGEST,
  MINUTE,
  parseRange,
  refreshMs,
  spanOf,
} from "../src/pages/explore/range/range";
import { unitStart } from "../src/ui/calendar-units";

const ZONES = [
  "UTC",
  "America/Chicago",
  "Asia/Kolkata",
  "Australia/Lord_Howe",
  "America/Santiago",
  "Pacific/Apia",
];
const RANGES = Object.keys(CALENDAR) as CalendarRange[];
/** Times of two years, at changing times of day and around changes of clocks. */
const TIMES = [
  ...Array.from({ length: 12 }, (_, step) => Date.UTC(2025, 0, 1) + step * (61 * DAY + 127 * MINUTE)),
  ...["2026-03-08T09:00:00Z", "2026-11-01T07:30:00Z", "2026-04-04T15:10:00Z", "2026-09-06T04:30:00Z"].map(
    Date.parse,
  ),
];

/** Returns the wall clock as the browser writes it: Mon 2026-03-09 00:00. */
function written(ms: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat("en-GB", {
    ...{ timeZone, weekday: "short", year: "numeric", month: "2-digit", day: "2-digit" },
    ...{ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  });
  const of = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  return `${of.weekday} ${of.year}-${of.month}-${of.day} ${of.hour}:${of.minute}:${of.second}`;
}

const dateOf = (ms: number, zone: string) => written(ms, zone).slice(4, 14);

describe("units of a calendar", () => {
  test("begin with their first local instant", () => {
    for (const zone of ZONES)
      for (const time of TIMES) {
        const [day, week, month, year] = (["day", "week", "month", "year"] as const).map((unit) =>
          unitStart(time, unit, zone),
        ) as [number, number, number, number];
        expect(dateOf(day, zone)).toBe(dateOf(time, zone));
        expect(dateOf(day - 1, zone) < dateOf(day, zone)).toBe(true);
        expect(written(week, zone).slice(0, 3)).toBe("Mon");
        expect(time - week).toBeLessThan(7 * DAY + HOUR);
        expect(dateOf(month, zone)).toBe(`${dateOf(time, zone).slice(0, 7)}-01`);
        expect(dateOf(year, zone)).toBe(`${dateOf(time, zone).slice(0, 4)}-01-01`);
        for (const start of [day, week, month, year]) expect(start).toBeLessThanOrEqual(time);
      }
  });

  test("are next to each other", () => {
    for (const zone of ZONES)
      for (const time of TIMES)
        for (const unit of ["day", "week", "month", "year"] as const) {
          const next = unitStart(time, unit, zone, 1);
          expect(next).toBeGreaterThan(time);
          expect(unitStart(next, unit, zone)).toBe(next);
          expect(unitStart(next - 1, unit, zone)).toBe(unitStart(time, unit, zone));
          expect(unitStart(next, unit, zone, -1)).toBe(unitStart(time, unit, zone));
        }
  });
});

describe("ranges of days", () => {
  test("are in the address by their name", () => {
    for (const range of RANGES) expect(parseRange(new URLSearchParams(formatRange(range)))).toBe(range);
  });

  test("that go on end now and begin with their unit", () => {
    for (const zone of ZONES)
      for (const time of TIMES)
        for (const range of RANGES.filter(isLive)) {
          const { from, to } = spanOf(range, time, zone);
          expect(from).toBe(
            Math.max(unitStart(time, CALENDAR[range as CalendarRange].unit, zone), to - LONGEST),
          );
          expect(to).toBeGreaterThan(time);
          expect(to - time).toBeLessThanOrEqual(Math.max(MINUTE, refreshMs(to - from)));
        }
  });

  test("that go on end within their unit", () => {
    const lastMinutes = ZONES.flatMap((zone) =>
      TIMES.flatMap((time) =>
        (["day", "week", "month", "year"] as const).map(
          (unit) => [zone, unitStart(time, unit, zone, 1) - 25 * MINUTE] as const,
        ),
      ),
    );
    for (const [zone, time] of lastMinutes)
      for (const range of RANGES.filter(isLive)) {
        const next = unitStart(time, CALENDAR[range as CalendarRange].unit, zone, 1);
        expect(spanOf(range, time, zone).to).toBeLessThanOrEqual(next);
      }
    expect(spanOf("this-year", Date.parse("2026-12-31T18:05Z"), "Asia/Kolkata").to).toBe(
      Date.parse("2026-12-31T18:30Z"),
    );
  });

  test("that are over end where the next begins", () => {
    for (const zone of ZONES)
      for (const time of TIMES) {
        for (const [past, next] of [
          ["yesterday", "today"],
          ["last-week", "this-week"],
          ["last-month", "this-month"],
        ] as const) {
          const { from, to } = spanOf(past, time, zone);
          expect(isLive(past)).toBe(false);
          expect(to).toBe(spanOf(next, time, zone).from);
          expect(spanOf(next, to - 1, zone).from).toBe(from);
        }
      }
  });

  test("are not empty at midnight", () => {
    const midnight = Date.UTC(2026, 0, 1, 6);
    expect(spanOf("this-year", midnight, "America/Chicago")).toEqual({
      from: midnight,
      to: midnight + MINUTE,
    });
  });

  test("a leap year is no longer than a query", () => {
    const { from, to } = spanOf("this-year", Date.UTC(2028, 11, 31, 23), "UTC");
    expect(to - from).toBe(LONGEST);
  });
});
