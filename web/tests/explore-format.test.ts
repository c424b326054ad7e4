import { expect, test } from "vitest";
import { axisValues, fromInput, reading, timeValues, toInput } from "../src/pages/explore/format";
import { DAY, HOUR, MINUTE, SECOND } from "../src/pages/explore/range";

const NOON = new Date(2026, 0, 31, 12).getTime();

test("readings have the digits that sensors know, and counters all of theirs", () => {
  expect(reading(69.80000305175781)).toBe("69.8");
  expect(reading(1_809_219.4)).toBe("1,809,219");
  expect(reading(-0.0000341578)).toBe("-0.000034");
  expect(reading(0)).toBe("0");
});

test("values of an axis tell its marks apart", () => {
  expect(axisValues([65.55, 65.6, 65.65], 0.05)).toEqual(["65.55", "65.6", "65.65"]);
  expect(axisValues([0, 500, 1000], 500)).toEqual(["0", "500", "1,000"]);
  expect(axisValues([0, 20_000, 40_000], 20_000)).toEqual(["0", "20k", "40k"]);
  const marks = [1_000_000, 1_005_000, 1_010_000];
  expect(new Set(axisValues(marks, 5_000)).size).toBe(3);
});

test("marks of time say the day where it begins, and the year where it does", () => {
  const hours = timeValues([NOON, NOON + 6 * HOUR, NOON + 12 * HOUR, NOON + 18 * HOUR], 6 * HOUR);
  expect(hours.map((text) => text.includes("\n"))).toEqual([true, false, true, false]);
  expect(hours[1]).toBe("18:00");
  const days = timeValues([NOON, NOON + DAY], DAY);
  expect(days[0]).toContain("\n2026");
  expect(days[1]).not.toContain("\n");
  expect(timeValues([NOON + 30 * SECOND], 30 * SECOND)[0]).toMatch(/^12:00:30/);
});

test("what is typed is read in the browser's zone", () => {
  expect(toInput(NOON + 5 * SECOND, SECOND)).toBe("2026-01-31T12:00:05");
  expect(toInput(NOON + 5 * SECOND, MINUTE)).toBe("2026-01-31T12:00");
  expect(fromInput(toInput(NOON, MINUTE))).toBe(NOON);
});
