import { describe, expect, test } from "vitest";
import type { Point, Series, SummaryOfPoint } from "../src/api/types";
import { chartOf } from "../src/pages/explore/data/chart";
import { comparedName } from "../src/pages/explore/data/chosen";
import type { Chosen } from "../src/pages/explore/data/line";
import type { MergedAnswer } from "../src/pages/explore/data/pages";
import { type Column, columnsOf } from "../src/pages/explore/legend/columns";
import { type LegendRow, type RowInput, rowsOf } from "../src/pages/explore/legend/rows";
import { nextSort, type Sort, sorted } from "../src/pages/explore/legend/sort";
import { minuteSpan } from "../src/pages/explore/legend/summary";
import { tableCsv } from "../src/pages/explore/legend/table-csv";
import { HOUR, MINUTE, SECOND } from "../src/pages/explore/range/range";

type Kind = Point["kind"];

const point = (point_name: string, kind: Kind): Point => ({
  ...{ point_name, kind, display_name: point_name, unit: "kilowattHours", tags: [], description: "" },
  ...{ interval_seconds: 60, device: null, equipment: null },
});
const chosen = (name: string, draw: Chosen["draw"], compared = false): Chosen => ({
  ...{ name, label: name, unit: "kilowattHours", slot: 0, draw, states: new Map(), hold: MINUTE, compared },
  aggregate: draw === "line" ? "mean" : "last",
});
const series = (point_name: string, values: number[], changes: Partial<Series> = {}): Series => ({
  ...{ point_name, unit: "kilowattHours", source_unit: "", gaps: [], values },
  timestamps: values.map((_, row) => row * HOUR),
  ends: values.map((_, row) => (row + 1) * HOUR),
  coverage: { expected: 10, received: 5 },
  ...changes,
});
const summary = (point_name: string, changes: Partial<SummaryOfPoint>): SummaryOfPoint => ({
  ...{ point_name, unit: "", source_unit: "", kind: null, min: null, max: null, mean: null },
  ...{ time_weighted_mean: null, sd: null, p5: null, p50: null, p95: null, first: null, first_time: null },
  ...{ last: null, last_time: null, increase: null, runtime: null, starts: null, peak: null },
  ...{ peak_time: null, known: null, count: null },
  ...changes,
});

function rowOf(lines: Chosen[], all: Series[], kind: Kind, input: Partial<RowInput> = {}): LegendRow {
  const metadata = { samples_read: 9, samples_returned: 9 };
  const answer = { series: all, data_type: "raw", metadata } as MergedAnswer;
  const chart = chartOf(lines, answer, { from: 0, to: 10 * HOUR });
  const name = lines.at(-1)?.name ?? "";
  const [row] = rowsOf({
    lines: chart.lines,
    points: [point(name, kind)],
    measured: new Set(),
    measure: undefined,
    series: all,
    statistics: { summary: undefined, compared: undefined, error: undefined },
    ...input,
  });
  return row as LegendRow;
}
const both = (mine: SummaryOfPoint, theirs?: SummaryOfPoint) => ({
  summary: new Map([[mine.point_name, mine]]),
  compared: theirs && new Map([[theirs.point_name, { own: mine, other: theirs }]]),
  error: undefined,
});

describe("statistics of samples", () => {
  test("are those of the API", () => {
    const statistics = both(summary("a", { min: 1, mean: 2, max: 9, increase: 8 }));
    const row = rowOf([chosen("a", "line")], [series("a", [3, 4])], "analog", { statistics });
    const states = rowOf([chosen("a", "lane")], [series("a", [3, 4])], "multistate", { statistics });
    expect(states).toMatchObject({ min: null, mean: null, max: null });
    expect(row).toMatchObject({ min: 1, mean: 2, max: 9, increase: 8, last: 4, coverage: 0.5, total: null });
  });

  test("of a counter have no mean of readings", () => {
    const statistics = both(summary("a", { min: 1, mean: 2, max: 9, increase: 8 }));
    const meanOf = (kind: Kind, changes: Partial<RowInput> = {}) =>
      rowOf([chosen("a", "line")], [series("a", [3, 5])], kind, { statistics, ...changes }).mean;
    expect(meanOf("counter")).toBeNull();
    const measured = new Set(["a"]);
    for (const measure of ["min", "max", "first", "last"] as const) {
      expect(meanOf("counter", { measured, measure })).toBeNull();
      expect(meanOf("setpoint", { measured, measure })).toBe(4);
    }
    for (const measure of ["increase", "rate", "count"] as const)
      expect(meanOf("counter", { measured, measure })).toBe(4);
  });

  test("are extremes of what is drawn without an answer", () => {
    const row = rowOf([chosen("a", "line")], [series("a", [3, 7, 4])], "analog");
    expect(row).toMatchObject({ min: 3, mean: null, max: 7, last: 4 });
    const banded = series("a", [3, 4], { min: [1, 2], max: [8, 9] });
    expect(rowOf([chosen("a", "line")], [banded], "analog")).toMatchObject({ min: 1, mean: null, max: 9 });
    expect(rowOf([chosen("a", "lane")], [series("a", [0, 1])], "binary")).toMatchObject({
      min: null,
      max: null,
    });
    expect(rowOf([chosen("a", "line")], [series("a", [])], "analog")).toMatchObject({
      min: null,
      last: null,
    });
  });

  test("end with the last reading, never a mean", () => {
    const means = series("a", [3.5, 4.5], { last: [3, 5] });
    const last = (draw: Chosen["draw"], kind: Kind, own?: Partial<SummaryOfPoint>) => {
      const statistics = { statistics: both(summary("a", own ?? {})) };
      return rowOf([chosen("a", draw)], [means], kind, own && statistics).last;
    };
    for (const [draw, kind] of [
      ["line", "analog"],
      ["steps", "setpoint"],
      ["lane", "binary"],
    ] as const) {
      expect(last(draw, kind)).toBe(5);
      // The last bucket reaches beyond the range.
      expect(last(draw, kind, { last: 4 })).toBe(4);
      expect(last(draw, kind, { last: null })).toBeNull();
    }
    // Samples are newer than statistics, which are of whole minutes.
    const statistics = { statistics: both(summary("a", { last: 3 })) };
    expect(rowOf([chosen("a", "line")], [series("a", [3, 4])], "analog", statistics).last).toBe(4);
  });

  test("differ by what their kind has", () => {
    const earlier = chosen(comparedName("a"), "line", true);
    const analog = both(summary("a", { mean: 3 }), summary("a", { mean: 2 }));
    const all = [series("a", [1]), series(comparedName("a"), [1])];
    const input = { statistics: analog };
    expect(rowOf([earlier, chosen("a", "line")], all, "analog", input)).toMatchObject({
      difference: 1,
      before: 2,
    });
    const binary = { statistics: both(summary("a", { runtime: 60 }), summary("a", { runtime: 90 })) };
    expect(rowOf([chosen("a", "lane")], all, "binary", binary)).toMatchObject({
      difference: -30,
      before: 90,
    });
    const counter = { statistics: both(summary("a", { increase: 5 }), summary("a", { increase: 4 })) };
    expect(rowOf([chosen("a", "line")], all, "counter", counter)).toMatchObject({
      difference: 1,
      before: 4,
    });
    expect(rowOf([chosen("a", "line")], all, "analog").difference).toBeNull();
  });
});

describe("statistics of bars", () => {
  const measured = new Set(["a"]);
  const measure = "increase";
  const bars = series("a", [2, 4, 6, 1], { partial: [3] });

  test("are of the buckets that are over, the total of all", () => {
    const row = rowOf([chosen("a", "bars")], [bars], "counter", { measured, measure });
    expect(row).toMatchObject({ min: 2, mean: 4, max: 6, last: 1, total: 13 });
  });

  test("differ by the buckets that both have in full", () => {
    const theirs = series(comparedName("a"), [1, 1, 1, 9]);
    const lines = [chosen(comparedName("a"), "bars", true), chosen("a", "bars")];
    expect(rowOf(lines, [bars, theirs], "counter", { measured, measure })).toMatchObject({
      difference: 9,
      before: 3,
    });
    const means = [chosen(comparedName("a"), "line", true), chosen("a", "line")];
    expect(rowOf(means, [bars, theirs], "analog", { measured })).toMatchObject({ difference: 3, before: 1 });
    const open = series("a", [2], { partial: [0] });
    expect(rowOf(lines, [open, theirs], "counter", { measured, measure }).difference).toBeNull();
  });

  test("have an upper bound where time is not known", () => {
    const bounded = series("a", [1, 2], { at_least: [1, 2], at_most: [1, 5] });
    expect(rowOf([chosen("a", "bars")], [bounded], "binary", { measured })).toMatchObject({
      total: 3,
      most: 6,
    });
    expect(rowOf([chosen("a", "bars")], [bars], "counter", { measured }).most).toBeNull();
  });

  test("say how much of their time is known", () => {
    const known = (changes: Partial<Series>) =>
      rowOf([chosen("a", "bars")], [series("a", [1, 1], changes)], "counter", { measured, measure }).known;
    expect(known({ known: [1, 0.5] })).toBe(0.75);
    expect(known({ known: [null, 0.5] })).toBe(0.5);
    expect(known({})).toBeNull();
    const proof = { ...{ known_share: 0.9, bridged: 0, newest_correction: null, files: [] } };
    const steps = { resets: [], rollovers: [], dips: [], spikes: [] };
    expect(known({ known: [1, 0.5], proof: { ...proof, ...steps } })).toBe(0.9);
  });
});

describe("columns", () => {
  const keys = (columns: Column[]) => columns.map(({ key }) => key).join(" ");
  const rowsOfKinds = (draw: Chosen["draw"], ...kinds: Kind[]) =>
    kinds.map((kind) => rowOf([chosen(kind, draw)], [series(kind, [1])], kind));

  test("are those that the rows need", () => {
    expect(keys(columnsOf(rowsOfKinds("line", "analog"), undefined, false))).toBe(
      "point min mean max last coverage",
    );
    const all = rowsOfKinds("line", "counter", "binary");
    expect(keys(columnsOf(all, undefined, true))).toBe(
      "point min mean max last increase runtime before difference coverage",
    );
    const bars = rowsOfKinds("bars", "counter");
    expect(keys(columnsOf(bars, "increase", false))).toBe("point min mean max last total coverage");
  });

  test("say what a total does not rest on", () => {
    const [total] = columnsOf(rowsOfKinds("bars", "counter"), "increase", false).filter(
      ({ key }) => key === "total",
    );
    const row = rowOf([chosen("a", "bars")], [series("a", [1])], "counter");
    const note = (changes: Partial<LegendRow>) => total?.cell({ ...row, ...changes }).note;
    expect(note({ known: 1 })).toBeUndefined();
    expect(note({ known: 0.5 })).toBe("50 % known");
    expect(note({ known: 0.5, resets: 2 })).toBe("50 % known, 2 resets");
    expect(note({ known: 0.5, total: 1, most: 9 })).toBe("at most 9 kWh, 50 % known");
    expect(note({ known: 1, total: 9, most: 9 })).toBeUndefined();
    expect(note({ known: 0.5, resets: 1, total: null })).toBeUndefined();
  });

  test("say of how many bars the earlier total is", () => {
    const [earlier] = columnsOf([], undefined, true).filter(({ key }) => key === "before");
    const row = rowOf([chosen("a", "bars")], [series("a", [1, 2])], "counter");
    const cell = (changes: Partial<LegendRow>) => earlier?.cell({ ...row, before: 7, ...changes });
    expect(cell({ comparedBars: 2 })).toEqual({ text: "7", unit: "kWh" });
    expect(cell({ comparedBars: 1 })).toEqual({ text: "7", unit: "kWh", note: "of 1 whole bar" });
    expect(cell({ before: 7200, kind: "binary", isMeasured: false })).toEqual({ text: "2 h" });
    expect(cell({ before: null })).toEqual({ text: "–" });
  });

  test("write differences with their sign and share", () => {
    const [difference] = columnsOf([], undefined, true).filter(({ key }) => key === "difference");
    const row = rowOf([chosen("a", "line")], [series("a", [1])], "analog");
    const text = (changes: Partial<LegendRow>) => difference?.cell({ ...row, ...changes });
    expect(text({ difference: 1, before: 20 })).toEqual({ text: "+1", unit: "kWh", note: "+5 %" });
    expect(text({ difference: 1, before: 3000 })).toEqual({ text: "+1", unit: "kWh", note: "0 %" });
    expect(text({ difference: 100, before: 1 })).toEqual({ text: "+100", unit: "kWh" });
    expect(text({ difference: -1, before: 0 })).toEqual({ text: "−1", unit: "kWh" });
    expect(text({ difference: -7200, before: 14_400, kind: "binary", isMeasured: false })).toEqual({
      text: "−2 h",
      note: "−50 %",
    });
    expect(text({ difference: null })).toEqual({ text: "–" });
  });
});

describe("the order", () => {
  const rows = [2, null, 3, 1].map((mean, index) => {
    const name = "dbac"[index] ?? "";
    return { ...rowOf([chosen(name, "line")], [series(name, [1])], "analog"), mean };
  });
  const columns = columnsOf(rows, undefined, false);
  const order = (sort: Sort) =>
    sorted(rows, columns, sort)
      .map(({ line }) => line.name)
      .join("");

  test("is by a column, empty cells last", () => {
    expect(order(undefined)).toBe("dbac");
    expect(order({ key: "mean", descending: true })).toBe("adcb");
    expect(order({ key: "mean", descending: false })).toBe("cdab");
    expect(order({ key: "point", descending: false })).toBe("abcd");
  });

  test("changes with each click", () => {
    const clicks = (key: string) =>
      [1, 2, 3].map((count) => {
        let sort: Sort;
        for (let click = 0; click < count; click++) sort = nextSort(sort, key);
        return sort?.descending;
      });
    expect(clicks("mean")).toEqual([true, false, undefined]);
    expect(clicks("point")).toEqual([false, true, undefined]);
  });
});

test("CSV of the table has names, units and unrounded numbers", () => {
  const statistics = both(summary("a, b", { min: 1 / 3, mean: 2, max: 9 }));
  const row = rowOf([chosen("a, b", "line")], [series("a, b", [4])], "analog", { statistics });
  expect(tableCsv([row], columnsOf([row], undefined, false))).toBe(
    `point_name,name,unit,Min,Mean,Max,Last,Coverage\n"a, b","a, b",kWh,${1 / 3},2,9,4,0.5\n`,
  );
});

test("CSV of the table has the unit of each row", () => {
  const compared = (name: string) => series(comparedName(name), [1, 2]);
  const statistics = (name: string, now: Partial<SummaryOfPoint>, before: Partial<SummaryOfPoint>) => ({
    statistics: both(summary(name, { unit: "kilowattHours", ...now }), summary(name, before)),
  });
  const fan = rowOf([chosen("fan", "lane")], [series("fan", [1])], "binary", {
    ...statistics("fan", { runtime: 5400 }, { runtime: 3600 }),
  });
  const rate = [{ ...chosen("meter", "line"), unit: "kWh/h" }];
  const meter = rowOf(rate, [series("meter", [1], { unit: "kWh/h" })], "counter", {
    ...statistics("meter", { increase: 8 }, { increase: 6 }),
  });
  const hours = [chosen(comparedName("running"), "bars", true), chosen("running", "bars")].map((line) => ({
    ...line,
    unit: "hours",
  }));
  const running = rowOf(hours, [series("running", [1, 3]), compared("running")], "binary", {
    ...{ measured: new Set(["running"]), measure: "runtime" },
    ...statistics("running", { runtime: 14_400 }, {}),
  });
  const rows = [fan, meter, running];
  const [head, ...lines] = tableCsv(rows, columnsOf(rows, undefined, true))
    .trimEnd()
    .split("\n");
  const names = head?.split(",") ?? [];
  const cells = (title: string) => lines.map((line) => line.split(",")[names.indexOf(title)]);
  expect(cells("Running time")).toEqual(["5400", "", "14400"]);
  expect(cells("Running time unit")).toEqual(["s", "", "s"]);
  expect(cells("Increase")).toEqual(["", "8", ""]);
  expect(cells("Increase unit")).toEqual(["", "kWh", ""]);
  expect(cells("Difference")).toEqual(["1800", "2", "1"]);
  expect(cells("Difference unit")).toEqual(["s", "kWh", "h"]);
});

test("statistics of a live span are of whole minutes", () => {
  const span = { from: 10 * MINUTE + SECOND, to: 20 * MINUTE + SECOND };
  expect(minuteSpan(span)).toEqual({ from: 11 * MINUTE, to: 21 * MINUTE });
  expect(minuteSpan({ from: 0, to: MINUTE })).toEqual({ from: 0, to: MINUTE });
});
