import { expect, test } from "vitest";
import type { Point } from "../src/api/types";
import {
  axisValues,
  exponential,
  formatValue,
  fromInput,
  shortValue,
  timeLabels,
  toInput,
} from "../src/pages/explore/format";
import { drawOf, holdOf, kindText, statesOf } from "../src/pages/explore/points/kind";
import { DAY, HOUR, MINUTE, SECOND } from "../src/pages/explore/range/range";
import { doubles, PAIRS } from "./doubles";

const NOON = Date.UTC(2026, 0, 31, 12);

test("values have five digits, counters all", () => {
  expect(formatValue(69.80000305175781)).toBe("69.8");
  expect(formatValue(1_809_219.4)).toBe("1,809,219");
  expect(formatValue(-0.0000341578)).toBe("-0.000034");
  expect(formatValue(0)).toBe("0");
});

test("short values have at most five digits", () => {
  expect([1_809_219.4, 99_999.6, 12_345.67, 56.4219, -0.0000341578, 0].map(shortValue)).toEqual([
    "1.809M",
    "100k",
    "12,346",
    "56.42",
    "-0.000034",
    "0",
  ]);
});

test("values of any double fit twelve characters", () => {
  const next = doubles(3);
  const random = Array.from({ length: 1000 }, next);
  const powers = Array.from({ length: 632 }, (_, power) => Number(`-9.87654321e${power - 324}`));
  for (const value of [...PAIRS.flat(), ...random, ...powers]) {
    for (const [write, digits] of [[formatValue, 5] as const, [shortValue, 4] as const]) {
      const text = write(value);
      const scale = { k: 1e3, M: 1e6, G: 1e9, T: 1e12 }[text.at(-1) ?? ""] ?? 1;
      const read = Number(text.replaceAll(",", "").replace(/[kMGT]$/, "")) * scale;
      expect(text.length, `${value}: ${text}`).toBeLessThanOrEqual(12);
      expect(text, `${value}`).not.toBe("-0");
      // Tiny numbers without an exponent have two digits.
      const error = text.includes("e") || Math.abs(value) >= 0.001 ? 10 ** (1 - digits) / 2 : 0.05;
      // Subnormals have few bits; the largest double rounds up to infinity.
      if (Math.abs(value) > 1e-300 && Math.abs(value) < 1e308)
        expect(Math.abs(read - value), `${value}: ${text}`).toBeLessThanOrEqual(
          Math.abs(value) * error * 1.001,
        );
    }
  }
});

test("values at the limits of doubles", () => {
  const values = [Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, -1.23456e-300, -0, 1e15 + 0.125, -1.23456e-10];
  expect(values.map(formatValue)).toEqual([
    "1.7977e308",
    "-1.7977e308",
    "4.9407e-324",
    "-1.2346e-300",
    "0",
    "1e15",
    "-1.2346e-10",
  ]);
  expect([Number.POSITIVE_INFINITY, Number.NaN].map(formatValue)).toEqual(["∞", "NaN"]);
  expect(values.map(shortValue).slice(0, 3)).toEqual(["1.798e308", "-1.798e308", "4.941e-324"]);
  expect(
    [999_999_999, -999_999_999, 1_234_567_890, 123_456_789_012, -1_234_567_890_123].map(formatValue),
  ).toEqual(["999,999,999", "-999,999,999", "1234567890", "123456789012", "-1.23456789T"]);
});

test("numbers with an exponent", () => {
  expect([exponential(0, 5), exponential(-25, -325), exponential(1500, 305), exponential(1, 0)]).toEqual([
    "0",
    "-2.5e-324",
    "1.5e308",
    "1e0",
  ]);
});

test("axis labels are distinct", () => {
  expect(axisValues([65.55, 65.6, 65.65], 0.05)).toEqual(["65.55", "65.6", "65.65"]);
  expect(axisValues([0, 500, 1000], 500)).toEqual(["0", "500", "1,000"]);
  expect(axisValues([0, 20_000, 40_000], 20_000)).toEqual(["0", "20k", "40k"]);
  expect(axisValues([0, 2_000_000], 1_000_000)).toEqual(["0", "2M"]);
  const marks = [1_000_000, 1_005_000, 1_010_000];
  expect(new Set(axisValues(marks, 5_000)).size).toBe(3);
});

test("time labels name new days and years", () => {
  const labels = timeLabels("UTC");
  const hours = labels([NOON, NOON + 6 * HOUR, NOON + 12 * HOUR, NOON + 18 * HOUR], 6 * HOUR);
  expect(hours.map((text) => text.includes("\n"))).toEqual([true, false, true, false]);
  expect(hours[1]).toBe("18:00");
  const days = labels([NOON, NOON + DAY], DAY);
  expect(days[0]).toContain("\n2026");
  expect(days[1]).not.toContain("\n");
  expect(labels([NOON + 30 * SECOND], 30 * SECOND)[0]).toMatch(/^12:00:30/);
});

test("time labels are of the zone", () => {
  expect(timeLabels("America/Chicago")([NOON, NOON + HOUR], HOUR)).toEqual(["06:00\n31 Jan", "07:00"]);
  expect(timeLabels("Asia/Kolkata")([NOON], HOUR)).toEqual(["17:30\n31 Jan"]);
});

test("typed times are of the zone", () => {
  expect(toInput(NOON + 5 * SECOND, SECOND, "UTC")).toBe("2026-01-31T12:00:05");
  expect(toInput(NOON + 5 * SECOND, MINUTE, "America/Chicago")).toBe("2026-01-31T06:00");
  for (const zone of ["UTC", "America/Chicago", "Australia/Lord_Howe"])
    expect(fromInput(toInput(NOON, MINUTE, zone), zone)).toBe(NOON);
  for (const text of ["", "2026-13-01T00:00"]) expect(fromInput(text, "America/Chicago")).toBeNaN();
});

const POINT: Point = {
  point_name: "a",
  display_name: "A",
  unit: "",
  tags: [],
  interval_seconds: 60,
  description: "",
  device: null,
  equipment: null,
  kind: "analog",
};

test("each kind has its way of drawing", () => {
  const kinds = ["binary", "multistate", "setpoint", "analog", "counter"] as const;
  expect(kinds.map((kind) => drawOf({ ...POINT, kind }))).toEqual(["lane", "lane", "steps", "line", "line"]);
});

test("states are named by their numbers", () => {
  expect([...statesOf(POINT)]).toEqual([]);
  expect([...statesOf({ ...POINT, kind: "binary" })]).toEqual([
    [0, "Off"],
    [1, "On"],
  ]);
  expect([...statesOf({ ...POINT, kind: "binary", states: { Open: 0, Closed: 1 } })]).toEqual([
    [0, "Open"],
    [1, "Closed"],
  ]);
});

test("a sample holds for two and a half intervals", () => {
  expect(holdOf(POINT)).toBe(150 * SECOND);
  expect(holdOf({ ...POINT, interval_seconds: null })).toBe(15 * MINUTE);
});

test("the kind names what was set", () => {
  expect(kindText(POINT)).toBe("analog");
  expect(kindText({ ...POINT, kind: "counter", rollover: 99_999 })).toBe("counter, rollover 99,999");
  expect(kindText({ ...POINT, kind: "multistate", states: { Off: 0, Auto: 2 } })).toBe(
    "multistate, Off = 0, Auto = 2",
  );
});
