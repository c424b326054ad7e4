import { expect, test } from "vitest";
import type { CoverageDay } from "../src/api/types";
import { backfillRange, classifyDays, counts, lastMonth, level } from "../src/pages/coverage/days";

function day(
  date: string,
  polled: number,
  withData: number,
  changes: Partial<CoverageDay> = {},
): CoverageDay {
  return {
    date,
    windows_expected: 288,
    windows_polled: polled,
    windows_with_data: withData,
    samples: withData * 10,
    archive: withData ? "done" : "",
    archived_samples: withData * 10,
    settled: withData > 0,
    ...changes,
  };
}

const SYNCED_FROM = "2026-03-08T11:00:00Z";
const SYNCED_UNTIL = "2026-03-10T18:00:00Z";
const DAYS = classifyDays(
  [
    day("2026-03-01", 0, 0),
    day("2026-03-02", 0, 0),
    day("2026-03-03", 288, 288),
    day("2026-03-04", 0, 0),
    day("2026-03-05", 100, 100),
    day("2026-03-06", 288, 0),
    day("2026-03-07", 0, 0),
    day("2026-03-08", 288, 270, { archive: "verified", settled: false }),
    day("2026-03-09", 288, 288, { settled: false }),
    day("2026-03-10", 216, 216, { windows_expected: 217, archive: "" }),
    day("2026-03-11", 0, 0),
  ],
  SYNCED_FROM,
  SYNCED_UNTIL,
);
const dayOn = (date: string) => DAYS.find((day) => day.date === date) as (typeof DAYS)[number];

test("states of days", () => {
  expect(DAYS.map((day) => day.state)).toEqual([
    "before",
    "before",
    "full",
    "missing",
    "partial",
    "empty",
    "missing",
    "partial",
    "full",
    "full",
    "later",
  ]);
  expect(DAYS.filter((day) => day.unpolled).map((day) => day.date.slice(8))).toEqual(["04", "05", "07"]);
});

test("unarchived days have ended and have samples", () =>
  expect(DAYS.filter((day) => day.unarchived).map((day) => day.date.slice(8))).toEqual(["08", "09"]));

test("colour level follows the share of windows", () => {
  const levelOf = (withData: number) =>
    level(
      classifyDays([day("2026-03-03", 288, withData)], SYNCED_FROM, SYNCED_UNTIL)[0] as (typeof DAYS)[number],
    );
  expect([1, 143, 144, 259, 260, 287, 288].map(levelOf)).toEqual([1, 1, 2, 2, 3, 3, 4]);
  expect(level(dayOn("2026-03-10"))).toBe(4);
});

test("backfill range covers adjacent unpolled days", () => {
  expect(backfillRange(DAYS, "2026-03-04")).toEqual(["2026-03-04", "2026-03-05"]);
  expect(backfillRange(DAYS, "2026-03-05")).toEqual(["2026-03-04", "2026-03-05"]);
  expect(backfillRange(DAYS, "2026-03-07")).toEqual(["2026-03-07", "2026-03-07"]);
  expect(backfillRange(DAYS, "2026-03-01")).toEqual(["2026-03-01", "2026-03-02"]);
  expect(backfillRange(DAYS, "2026-03-02")).toEqual(["2026-03-02", "2026-03-02"]);
  for (const date of ["2026-03-03", "2026-03-06", "2026-03-11", "2030-01-01"])
    expect(backfillRange(DAYS, date)).toBe(undefined);
});

test("a site without a sync has no unpolled windows", () => {
  const [first] = classifyDays([day("2026-03-01", 0, 0)], null, null);
  expect([first?.state, first?.unpolled]).toEqual(["before", false]);
});

test("a backfilled day can precede the sync", () => {
  const days = classifyDays(
    [day("2026-03-01", 0, 0), day("2026-03-02", 288, 288)],
    SYNCED_FROM,
    SYNCED_UNTIL,
  );
  expect(days.map(({ state }) => state)).toEqual(["before", "full"]);
});

test("days are counted by state", () =>
  expect(counts(DAYS)).toEqual({ full: 3, partial: 2, empty: 1, unpolled: 3, unarchived: 2 }));

test.each([
  ["", "", "2026-11"],
  ["2025-11", "", "2025-11"],
  ["2027-01", "", "2026-11"],
  ["nonsense", "nonsense", "2026-11"],
  ["", "2025-12-01", "2026-11"],
  ["", "2025-11-30", "2025-11"],
  ["", "2024-11-30", "2024-11"],
  ["", "2026-12-01", "2026-11"],
  ["2025-11", "2026-11-01", "2025-11"],
  ["1990-11", "", "1990-12"],
  ["0001-01", "", "1990-12"],
  ["", "1970-01-01", "1990-12"],
])("until %j and day %j end in %s", (until, date, month) =>
  expect(lastMonth(until, date, "2026-11")).toBe(month),
);
