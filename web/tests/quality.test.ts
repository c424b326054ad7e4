import { expect, test } from "vitest";
import type { Finding } from "../src/api/types";
import { hasNext, isShown } from "../src/pages/quality/days";
import {
  detailsOf,
  isFindingName,
  NAMES,
  ORDER,
  sorted,
  targetOf,
  titleOf,
  turned,
} from "../src/pages/quality/findings";

function finding(changes: Partial<Finding>): Finding {
  return {
    finding: "stuck",
    point_name: "a/1",
    display_name: "Zone A",
    unit: "°C",
    kind: "analog",
    first_time: "2026-01-01T06:00:00Z",
    last_time: "2026-01-01T14:00:00Z",
    count: 1,
    longest_seconds: 28_800,
    value: 21.123456789,
    low: null,
    high: null,
    points: null,
    ...changes,
  };
}

const STUCK = finding({});
const JUMP = finding({ finding: "jump", display_name: "alpha", count: 3, value: -9, longest_seconds: null });
const OUTAGE = finding({ finding: "outage", point_name: null, display_name: "", value: null, points: 4_583 });

test("a table is sorted by every column, and turned around", () => {
  const findings = [OUTAGE, STUCK, JUMP];
  expect(sorted(findings, { column: "finding", descending: false })).toEqual(findings);
  expect(sorted(findings, { column: "finding", descending: true })).toEqual([JUMP, STUCK, OUTAGE]);
  expect(sorted(findings, { column: "point", descending: false })).toEqual([JUMP, OUTAGE, STUCK]);
  expect(sorted(findings, { column: "first", descending: false })).toEqual(findings);
  expect(sorted(findings, { column: "last", descending: true })).toEqual(findings);
});

test("times are sorted as times, with and without milliseconds", () => {
  const whole = finding({ first_time: "2026-01-01T06:00:00Z", last_time: "2026-01-01T14:00:00Z" });
  const half = finding({ first_time: "2026-01-01T06:00:00.500Z", last_time: "2026-01-01T14:00:00.500Z" });
  for (const column of ["first", "last"] as const) {
    expect(sorted([half, whole], { column, descending: false })).toEqual([whole, half]);
    expect(sorted([whole, half], { column, descending: true })).toEqual([half, whole]);
  }
});

test("details are sorted by the amount that they show, in groups of the same unit", () => {
  const groups = [
    [finding({ finding: "outage", points: 90 }), finding({ finding: "outage", points: 4_583 })],
    [finding({ longest_seconds: 28_800, count: 3 }), finding({ longest_seconds: 36_000, count: 1 })],
    [
      finding({ finding: "range", value: 120, unit: "percent" }),
      finding({ finding: "range", value: 121, unit: "%" }),
    ],
    [
      finding({ finding: "range", value: 85, count: 9 }),
      finding({ finding: "range", value: -999, count: 1 }),
    ],
    [finding({ finding: "jump", value: 8, count: 9 }), finding({ finding: "jump", value: -9, count: 1 })],
    [finding({ finding: "text", count: 2 }), finding({ finding: "text", count: 10 })],
    [
      finding({ finding: "idle", longest_seconds: 28_800, count: 3 }),
      finding({ finding: "idle", longest_seconds: 36_000, count: 1 }),
    ],
  ];
  for (const descending of [false, true]) {
    const expected = groups.flatMap((group) => (descending ? group.toReversed() : group));
    expect(sorted(groups.flat().toReversed(), { column: "details", descending })).toEqual(expected);
  }
});

test("a click on a column sorts by it, and another one turns it around", () => {
  const byPoint = turned({ column: "finding", descending: false }, "point");
  expect(byPoint).toEqual({ column: "point", descending: false });
  expect(turned(byPoint, "point")).toEqual({ column: "point", descending: true });
});

test("a finding opens the chart around it, an outage the coverage", () => {
  const chart = { point: "a/1", from: "2026-01-01T04:00:00.000Z", to: "2026-01-01T16:00:00.000Z" };
  expect(targetOf(STUCK, "2026-01-01")).toEqual(["explore", chart]);
  const short = finding({ first_time: "2026-01-01T14:00:00Z" });
  expect(targetOf(short, "2026-01-01")[1]).toMatchObject({ from: "2026-01-01T13:00:00.000Z" });
  expect(targetOf(OUTAGE, "2026-01-01")).toEqual(["coverage", { day: "2026-01-01" }]);
});

test("details say what the times do not", () => {
  expect(detailsOf(OUTAGE)).toBe("4,583 points");
  expect(titleOf(OUTAGE)).toBe("The whole site");
  expect(detailsOf(STUCK)).toBe("at 21.1235 °C for 8 h");
  expect(detailsOf(finding({ unit: "degreesFahrenheit" }))).toBe("at 21.1235 °F for 8 h");
  expect(detailsOf(JUMP)).toBe("3 steps, largest -9 °C");
  expect(detailsOf(finding({ finding: "range", value: 999, unit: "" }))).toBe("1 sample, worst 999");
  expect(detailsOf(finding({ finding: "idle", value: null }))).toBe("at 0 for 8 h");
  expect(detailsOf(finding({ finding: "text", count: 2 }))).toBe("2 hours");
  expect(detailsOf(finding({ finding: "silent" }))).toBe("");
});

test("every finding of the API has a name", () => {
  expect(ORDER).toEqual(["outage", "silent", "stuck", "range", "jump", "text", "idle"]);
  expect(Object.values(NAMES).every(Boolean)).toBe(true);
  expect([isFindingName("stuck"), isFindingName("odd")]).toEqual([true, false]);
});

test("there is a next day until today", () => {
  expect(hasNext("2026-01-30", "2026-01-31")).toBe(true);
  expect(hasNext("2026-01-31", "2026-01-31")).toBe(false);
  expect(hasNext("2026-02-01", "2026-01-31")).toBe(false);
  expect(hasNext("", "2026-01-31")).toBe(false);
});

test("a day to jump to is whole, and none of the future", () => {
  const isShownOn = (text: string) => isShown(text, "2026-01-31");
  expect(["1990-01-01", "2026-01-30", "2026-01-31"].every(isShownOn)).toBe(true);
  expect(["", "0002-01-01", "1989-12-31", "2026-02-01", "2026-02-30"].some(isShownOn)).toBe(false);
});
