import { describe, expect, test } from "vitest";
import { barOf, lengthOf } from "../src/pages/explore/data/buckets";
import { type Mark, marksOf } from "../src/pages/explore/data/lanes";
import type { Chart, Line } from "../src/pages/explore/data/line";
import { valueAt } from "../src/pages/explore/data/line-value";
import { paneCount, panesOf } from "../src/pages/explore/data/panes";
import { bucketText } from "../src/pages/explore/format";
import { shortened } from "../src/pages/explore/plot/draw-lanes";
import { heightsOf, LANE, leastHeight, plotWidth, Sides } from "../src/pages/explore/plot/layout";
import { DAY, HOUR, MINUTE } from "../src/pages/explore/range/range";
import { lineOf } from "./lines";

const SPAN = { from: 0, to: 100 };
const laneOf = (changes: Partial<Line> = {}): Line => lineOf({ draw: "lane", ...changes });
const chartOf = (...lines: Partial<Line>[]): Chart => ({
  lines: lines.map((line, index) => lineOf({ name: String(index), ...line })),
  span: SPAN,
  gaps: [],
  rows: 0,
});
const namesIn = (chart: Chart, single: boolean) =>
  panesOf(chart, { single, axes: 4 }).map(({ lines }) => lines.map(({ name }) => name).join(" "));

describe("panes", () => {
  const chart = chartOf(
    { unit: "percent" },
    { unit: "volts" },
    { draw: "lane", unit: "" },
    { unit: "%", draw: "steps" },
    { unit: "volts", draw: "bars" },
    { draw: "lane", unit: "volts" },
  );

  test("have the lines of a unit, lanes last", () => {
    expect(namesIn(chart, false)).toEqual(["0 3", "1 4", "2 5"]);
    expect(paneCount(chart.lines)).toBe(3);
  });

  test("are one beside the lanes when single", () => {
    expect(namesIn(chart, true)).toEqual(["0 1 3 4", "2 5"]);
    expect(panesOf(chart, { single: true, axes: 1 })[0]?.axes).toHaveLength(1);
  });

  test("have rows of their own lines only", () => {
    const [first, second] = panesOf(
      chartOf({ times: [10, 20], values: [1, 2] }, { unit: "volts", times: [15], values: [3] }),
      { single: false, axes: 4 },
    );
    expect(first?.table).toEqual([
      [0, 10, 20, 100],
      [undefined, 1, 2, undefined],
    ]);
    expect(second?.table).toEqual([
      [0, 15, 100],
      [undefined, 3, undefined],
    ]);
  });

  test("fill the height, but keep their least", () => {
    const panes = panesOf(chart, { single: false, axes: 4 });
    const sum = (heights: number[]) => heights.reduce((total, height) => total + height, 0);
    expect(Math.abs(sum(heightsOf(panes, 700)) - 700)).toBeLessThan(panes.length);
    const least = heightsOf(panes, leastHeight(panes));
    expect(least.slice(0, 2).every((height) => height >= 120)).toBe(true);
    expect(least[2]).toBeGreaterThan(2 * LANE);
  });

  test("leave the plot its width", () => {
    const lines = chart.lines.slice(0, 2);
    expect(plotWidth(1000, lines, false)).toBe(1000 - 56 - 20);
    expect(plotWidth(1000, lines, true)).toBe(1000 - 2 * 56);
    expect(plotWidth(1000, chart.lines, false)).toBeLessThan(plotWidth(1000, lines, false));
  });

  test("are aligned by the widest axes", () => {
    const sides = new Sides(0);
    expect(sides.padding("left", 56)).toBe(0);
    expect(sides.padding("left", 70)).toBe(0);
    expect(sides.changes).toBe(2);
    expect(sides.padding("left", 56)).toBe(14);
    expect(sides.padding("right", 0)).toBe(20);
    expect(sides.changes).toBe(2);
  });
});

/** Returns one letter per column: the states of its mark, - without one. */
function drawn(marks: Mark[], columns: number): string {
  const cells = new Array<string>(columns).fill("-");
  for (const { from, to, states } of marks)
    for (let column = from; column < to; column++) cells[column] = states.length > 1 ? "m" : `${states[0]}`;
  return cells.join("");
}

describe("a lane", () => {
  const draw = (line: Partial<Line>, view = SPAN, columns = 10) =>
    drawn(marksOf(laneOf(line), view, columns), columns);

  test("holds a state until the next", () => {
    const rows = { times: [0, 10, 20, 30, 40, 50], values: [0, 0, 1, 1, 2, 0] };
    expect(draw(rows)).toBe("001120----");
    expect(marksOf(laneOf(rows), SPAN, 10)).toContainEqual({ from: 2, to: 4, states: [1] });
  });

  test("holds no longer than two and a half intervals", () => {
    expect(draw({ times: [0, 50], values: [1, 0], hold: 25 })).toBe("111--000--");
  });

  test("is empty in gaps", () => {
    const gaps = [{ from: 20, to: 60, reason: "no_data" as const }];
    expect(draw({ times: [0, 20, 60], values: [1, 1, 0], hold: 100, gaps })).toBe("111---0000");
  });

  test("mixes the states of one column", () => {
    const times = Array.from({ length: 100 }, (_, index) => index);
    const values = times.map((time) => (time >= 42 && time < 45 ? 1 : 0));
    expect(draw({ times, values })).toBe("0000m00000");
    expect(draw({ times, values }, { from: 40, to: 50 })).toBe("0011100000");
  });

  test("mixes the lowest and highest of aggregates", () => {
    expect(draw({ times: [0, 30, 60], values: [0, 1, 1], low: [0, 0, 1], high: [0, 1, 1], hold: 30 })).toBe(
      "000mmm111-",
    );
  });

  test("agrees with the cursor in every column", () => {
    const times = [3, 9, 14, 33, 38, 52, 57, 88];
    const line = laneOf({ times, values: times.map((time) => time % 4), hold: 12 });
    const marks = drawn(marksOf(line, SPAN, 100), 100);
    for (let column = 0; column < 100; column++) {
      const value = valueAt(line, column + 0.5);
      expect(marks[column]).toBe(value.kind === "sample" ? String(value.value) : "-");
    }
  });
});

describe("buckets", () => {
  test("have the length of their name", () => {
    expect(["raw", "15m", "1h", "2d", "1w", "1mo"].map(lengthOf)).toEqual([
      0,
      15 * MINUTE,
      HOUR,
      2 * DAY,
      7 * DAY,
      31 * DAY,
    ]);
  });

  test("divide their width among the bars", () => {
    const [first, second] = [barOf(0, 100, 0, 2), barOf(0, 100, 1, 2)];
    expect(first[0] + first[1]).toBeCloseTo(second[0]);
    expect(first[0]).toBeCloseTo(100 - second[0] - second[1]);
    expect(barOf(0, 0.1, 0, 3)[1]).toBe(1);
  });

  test("are read by the cursor until they end", () => {
    const line = laneOf({ draw: "bars", times: [0, 20], values: [5, 6], ends: [20, 30], partial: [1] });
    expect(valueAt(line, 19)).toMatchObject({ value: 5, end: 20, partial: false });
    expect(valueAt(line, 20)).toMatchObject({ value: 6, end: 30, partial: true });
    expect(valueAt(line, 30)).toEqual({ kind: "none" });
  });

  test("are named by their days or times", () => {
    const zone = "America/Chicago";
    const midnight = (text: string) => Date.parse(`${text}-06:00`);
    const text = (from: string, to: string) => bucketText({ from: midnight(from), to: midnight(to) }, zone);
    expect(text("2026-11-24T00:00", "2026-11-25T00:00")).toBe("Tue 24 Nov 2026");
    expect(text("2026-11-23T00:00", "2026-11-30T00:00")).toMatch(/^23\D+29 Nov 2026$/);
    expect(text("2026-11-24T06:00", "2026-11-24T07:00")).toMatch(/^24 Nov 2026, 06:00\D+07:00$/);
    // The day of the clock change has 25 hours.
    const autumn = { from: Date.parse("2026-11-01T05:00Z"), to: Date.parse("2026-11-02T06:00Z") };
    expect(bucketText(autumn, zone)).toBe("Sun 1 Nov 2026");
  });
});

test("long names keep both of their ends", () => {
  const fits = (text: string) => text.length <= 9;
  expect(shortened("AHU 1 fan", fits)).toBe("AHU 1 fan");
  expect(shortened("AHU 1 supply fan", fits)).toBe("AHU … fan");
  expect(shortened("\u{1f321}".repeat(9), (text) => [...text].length <= 3)).toBe("\u{1f321}…\u{1f321}");
});
