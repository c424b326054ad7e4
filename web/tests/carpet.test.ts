import { describe, expect, test } from "vitest";
import type { Gap, Series } from "../src/api/types";
import {
  type Cell,
  rowsOf as generateRows,
  positionByKey,
  type Row,
} from "../src/pages/explore/carpet/cells";
import { colourIndex, coloursOf, domainOf, quantile } from "../src/pages/explore/carpet/colour-scale";
import { localHours as generateHours } from "../src/pages/explore/carpet/hours";
import { cellAt, layoutOf } from "../src/pages/explore/carpet/paint";
import { describe as describeCell, isoDay } from "../src/pages/explore/carpet/text";
import { HOUR } from "../src/pages/explore/range/range";
import { offsetPeriods } from "../src/ui/zone";
import { doubles, PAIRS } from "./doubles";

const ZONES = [
  "UTC",
  "America/Chicago",
  "Asia/Kolkata",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
  "Africa/Cairo",
];
const MINUTE = 60_000;

const localHours = (...range: Parameters<typeof generateHours>) => [...generateHours(...range)];
const rowsOf = (...input: Parameters<typeof generateRows>) => [...generateRows(...input)];
const span = (from: string, to: string) => ({ from: Date.parse(from), to: Date.parse(to) });

function seriesOf(values: Record<string, number>, rest: Partial<Series> = {}): Series {
  return {
    point_name: "p",
    unit: "",
    source_unit: "",
    timestamps: Object.keys(values).map((time) => Date.parse(time)),
    values: Object.values(values),
    gaps: [],
    coverage: { expected: null, received: 0 },
    ...rest,
  };
}

const cellOf = (rows: Row[], day: string, hour: number) =>
  rows.find((row) => isoDay(row.day) === day)?.cells[hour];

describe("local hours", () => {
  const year = span("2026-01-01T00:10Z", "2027-01-01T00:00Z");

  test.each(ZONES)("follow one another in %s", (zone) => {
    const hours = localHours(year, zone);
    expect(hours[0]?.from).toBeLessThanOrEqual(year.from);
    expect(hours.at(-1)?.to).toBeGreaterThanOrEqual(year.to);
    for (const [index, hour] of hours.slice(1).entries()) expect(hour.from).toBe(hours[index]?.to);
  });

  test.each(ZONES)("are what a clock shows in %s", (zone) => {
    const clock = new Intl.DateTimeFormat("en-CA", {
      timeZone: zone,
      hourCycle: "h23",
      dateStyle: "short",
      timeStyle: "short",
    });
    for (const { from, to, day, hour } of localHours(year, zone).filter((_, index) => index % 7 === 0)) {
      for (const time of [from, to - MINUTE]) {
        const expected = `${isoDay(day)}, ${String(hour).padStart(2, "0")}:`;
        expect(clock.format(time).slice(0, expected.length)).toBe(expected);
      }
    }
  });

  test("a zone without a change has one period", () => {
    expect(offsetPeriods(year.from, year.to, "Asia/Kolkata")).toEqual([{ ...year, offset: 5.5 * HOUR }]);
    expect(offsetPeriods(year.from, year.to, "America/Chicago")).toHaveLength(3);
  });
});

describe("cells", () => {
  const autumn = localHours(span("2026-11-01T05:00Z", "2026-11-02T06:00Z"), "America/Chicago");
  const spring = localHours(span("2026-03-08T06:00Z", "2026-03-09T05:00Z"), "America/Chicago");
  const twice = { "2026-11-01T06:00Z": 10, "2026-11-01T07:00Z": 40, "2026-11-01T08:00Z": 5 };

  test("a repeated hour is the mean of both, by their samples", () => {
    const rows = rowsOf(autumn, seriesOf(twice, { count: [60, 30, 60] }), "mean");
    expect(cellOf(rows, "2026-11-01", 1)).toEqual({
      kind: "value",
      value: 20,
      repeated: true,
      partial: false,
    });
    expect(cellOf(rows, "2026-11-01", 2)).toMatchObject({ value: 5, repeated: false });
  });

  test.each([
    ["increase", 25],
    ["runtime", 50 / 7200],
    ["last", 40],
  ] as const)("a repeated hour of %s", (measure, value) => {
    const rows = rowsOf(autumn, seriesOf(twice), measure);
    expect(cellOf(rows, "2026-11-01", 1)).toMatchObject({ value, repeated: true });
  });

  test("a skipped hour has no value and says so", () => {
    const [row] = rowsOf(spring, seriesOf({ "2026-03-08T08:00Z": 3 }), "mean");
    const skipped = row?.cells[2] as Cell;
    expect(skipped).toEqual({ kind: "skipped" });
    expect(describeCell(skipped, "mean", "")).toBe("this hour does not exist");
    expect(row?.cells[3]).toMatchObject({ kind: "value", value: 3 });
    expect(row?.cells.filter(({ kind }) => kind === "empty")).toHaveLength(22);
  });

  test("an empty cell has the reason of most of it", () => {
    const gap = (start: string, end: string, reason: Gap["reason"]) => ({ start, end, reason });
    const gaps = [
      gap("2026-03-08T09:30:00Z", "2026-03-08T10:10:00Z", "not_polled"),
      gap("2026-03-08T10:10:00Z", "2026-03-08T10:50:00Z", "rejected"),
    ];
    const [row] = rowsOf(spring, seriesOf({ "2026-03-08T08:00Z": 3 }, { gaps }), "mean");
    expect(row?.cells[4]).toEqual({ kind: "gap", reason: "not_polled" });
    expect(row?.cells[5]).toEqual({ kind: "gap", reason: "rejected" });
    expect(describeCell(row?.cells[4] as Cell, "mean", "")).toBe("not polled");
  });

  test("a day without data is a row, and hours beyond the range are outside", () => {
    const rows = rowsOf(localHours(span("2026-05-01T06:00Z", "2026-05-03T12:00Z"), "UTC"), undefined, "mean");
    expect(rows.map(({ day }) => isoDay(day))).toEqual(["2026-05-01", "2026-05-02", "2026-05-03"]);
    expect(rows[1]?.cells.every(({ kind }) => kind === "empty")).toBe(true);
    expect(rows[0]?.cells.filter(({ kind }) => kind === "outside")).toHaveLength(6);
    expect(rows[2]?.cells.filter(({ kind }) => kind === "outside")).toHaveLength(12);
  });

  test("half an hour of a change is an hour of its length", () => {
    const hours = localHours(span("2026-10-03T14:00Z", "2026-10-04T13:00Z"), "Australia/Lord_Howe");
    const [row] = rowsOf(hours, seriesOf({ "2026-10-03T15:30Z": 900 }), "runtime");
    expect(row?.cells[2]).toMatchObject({ kind: "value", value: 0.5 });
  });

  test("an hour that is not over says so", () => {
    const rows = rowsOf(autumn, seriesOf(twice, { partial: [2] }), "runtime");
    const cell = cellOf(rows, "2026-11-01", 2) as Cell;
    expect(describeCell(cell, "runtime", "s")).toBe("0.1 %, the hour is not over");
  });

  test("keys move within the rows", () => {
    const first = { row: 0, hour: 0 };
    expect(positionByKey(first, "ArrowLeft", 3)).toEqual(first);
    expect(positionByKey(first, "End", 3)).toEqual({ row: 0, hour: 23 });
    expect(positionByKey(first, "PageDown", 3)).toEqual({ row: 2, hour: 0 });
    expect(positionByKey(first, "toString", 3)).toBeUndefined();
  });

  test("a position in pixels is a cell, at most the last", () => {
    const layout = layoutOf({ width: 534, height: 322 }, 10);
    expect(cellAt(layout, 59, 21, 10)).toEqual({ row: 0, hour: 0 });
    expect(cellAt(layout, 5_000, 5_000, 10)).toEqual({ row: 9, hour: 23 });
  });
});

describe("colour scale", () => {
  const rowsWith = (values: readonly number[]): Row[] => [
    { day: 0, cells: values.map((value) => ({ kind: "value", value, repeated: false, partial: false })) },
  ];

  test("a spike leaves the colours to the rest", () => {
    const values = Array.from({ length: 500 }, (_, index) => 20 + (index % 50) / 10);
    const domain = domainOf(rowsWith([...values, 9_999_999]), "mean");
    expect(domain?.high).toBeLessThan(25);
    expect(domain?.clamped).toBe(true);
    expect(domain && colourIndex(domain, 9_999_999)).toBe(255);
  });

  test("a share has the colours of 0 to 1", () => {
    expect(domainOf(rowsWith([0.4, 0.5]), "runtime")).toEqual({ low: 0, high: 1, clamped: false });
    expect(domainOf([], "mean")).toBeUndefined();
  });

  test("quantiles interpolate", () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantile([7], 0.99)).toBe(7);
  });

  test("any doubles have a colour, higher ones no lower one", () => {
    const random = doubles(7);
    const domains = [...PAIRS, ...Array.from({ length: 50 }, () => [random(), random()] as const)];
    for (const pair of domains) {
      const [low, high] = [Math.min(...pair), Math.max(...pair)];
      const domain = { low, high, clamped: false };
      expect(colourIndex(domain, low)).toBeLessThanOrEqual(colourIndex(domain, high));
      expect(Number.isInteger(colourIndex(domain, random()))).toBe(true);
    }
  });

  test("steps look equal: OKLab distances differ by rounding to 8 bits only", () => {
    for (const dark of [false, true]) {
      const colours = coloursOf(dark).filter((_, index) => index % 15 === 0);
      const labs = colours.map(labOf);
      const steps = labs.slice(1).map((lab, index) => distance(lab, labs[index] as number[]));
      const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length;
      for (const step of steps) expect(Math.abs(step / mean - 1)).toBeLessThan(0.25);
      const lightness = labs.map(([level]) => level as number);
      expect([...lightness].sort((a, b) => (dark ? a - b : b - a))).toEqual(lightness);
    }
  });
});

const distance = (first: number[], second: number[]) =>
  Math.hypot(...first.map((value, axis) => value - (second[axis] as number)));

/** OKLab of a colour such as rgb(1, 2, 3), by its definition. */
function labOf(colour: string): number[] {
  const linear = (colour.match(/\d+/g) ?? []).map(Number).map((level) => {
    const share = level / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const times = (matrix: number[][], vector: number[]) =>
    matrix.map((row) => row.reduce((sum, factor, axis) => sum + factor * (vector[axis] as number), 0));
  const cones = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    linear,
  ).map(Math.cbrt);
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    cones,
  );
}
