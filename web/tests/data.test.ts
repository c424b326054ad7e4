import { describe, expect, test } from "vitest";
import type { Gap, Series } from "../src/api/types";
import { axesOf, slotsOf } from "../src/pages/explore/data/axes";
import { chartOf } from "../src/pages/explore/data/chart";
import { comparedName } from "../src/pages/explore/data/chosen";
import { commonGaps } from "../src/pages/explore/data/gaps";
import type { Chart, Chosen } from "../src/pages/explore/data/line";
import { totalCoverage, valueAt } from "../src/pages/explore/data/line-value";
import { type MergedAnswer, mergePages } from "../src/pages/explore/data/pages";
import { type Pane, panesOf } from "../src/pages/explore/data/panes";
import { inPairs } from "../src/pages/explore/plot/draw-bars";

const iso = (ms: number) => new Date(ms).toISOString();
const gap = (from: number, to: number, reason: Gap["reason"] = "no_data"): Gap => ({
  start: iso(from),
  end: iso(to),
  reason,
});
const series = (point_name: string, rows: [number, number][], gaps: Gap[] = []): Series => ({
  point_name,
  unit: "",
  source_unit: "",
  timestamps: rows.map(([time]) => time),
  values: rows.map(([, value]) => value),
  gaps,
  coverage: { expected: 10, received: rows.length },
});
const answer = (all: Series[], changes: Partial<MergedAnswer> = {}): MergedAnswer => ({
  site_name: "s",
  start_time: iso(0),
  end_time: iso(100_000),
  resolution: "raw",
  data_type: "raw",
  timezone: "UTC",
  measure: null,
  units: "source",
  series: all,
  metadata: {
    total_samples: 2,
    sources: ["hot"],
    query_time_ms: 5,
    cache_hit: true,
    next_token: null,
    method: "m4",
    samples_read: 7,
    samples_returned: 2,
    cost: { read_units: 1, requests: 1, bytes: 0, bytes_scanned: 0, micro_dollars: 3 },
  },
  warnings: [],
  ...changes,
});
const point = (name: string, unit = "", slot = 0, draw: Chosen["draw"] = "line"): Chosen => ({
  name,
  label: name,
  unit,
  slot,
  draw,
  aggregate: draw === "line" ? "mean" : "last",
  states: new Map(),
  hold: 25_000,
  compared: false,
});
const SPAN = { from: 0, to: 100_000 };
/** Returns the only pane of a chart without lanes. */
const paneOf = (chart: Chart) => panesOf(chart, { single: true, axes: 4 })[0] as Pane;
const column = (chart: Chart, index: number) => {
  const { table, lines } = paneOf(chart);
  return table[lines[index]?.column ?? 0] as (number | null | undefined)[];
};

/** Returns the segments of a line: the values between nulls; rows of other lines do not count. */
function piecesOf(values: (number | null | undefined)[]): number[][] {
  const pieces: number[][] = [[]];
  for (const value of values) {
    if (value === null) pieces.push([]);
    else if (value !== undefined) pieces.at(-1)?.push(value);
  }
  return pieces.filter((piece) => piece.length);
}

describe("lines", () => {
  const a = series(
    "a",
    [
      [1_000, 1],
      [2_000, 2],
      [50_000, 3],
      [90_000, 4],
    ],
    [gap(2_000, 50_000)],
  );
  const b = series("b", [
    [1_500, 10],
    [30_000, 20],
    [70_000, 30],
  ]);

  test("break at gaps only", () => {
    const chart = chartOf([point("a"), point("b", "", 1)], answer([a, b]), SPAN);
    expect(piecesOf(column(chart, 0))).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(piecesOf(column(chart, 1))).toEqual([[10, 20, 30]]);
    expect(chart.rows).toBe(7);
  });

  test("have null between the samples around gaps", () => {
    const chart = chartOf([point("a"), point("b", "", 1)], answer([a, b]), SPAN);
    const times = paneOf(chart).table[0] as number[];
    const values = column(chart, 0);
    for (const [row, time] of times.entries())
      if (time > 2_000 && time < 50_000) expect(values[row]).toBeNull();
  });

  test("have isolated samples between two gaps", () => {
    const lone = series(
      "a",
      [
        [1_000, 1],
        [40_000, 2],
        [80_000, 3],
        [81_000, 4],
      ],
      [gap(1_000, 40_000), gap(40_000, 80_000)],
    );
    const chart = chartOf([point("a"), point("b")], answer([lone, b]), SPAN);
    expect(paneOf(chart).lines[0]?.isolated.map((row) => column(chart, 0)[row])).toEqual([1, 2]);
  });

  test("have bands of aggregates", () => {
    const rows = { ...a, min: [0, 1, 2, 3], max: [2, 3, 4, 5] };
    const chart = chartOf([point("a")], answer([rows], { data_type: "aggregate" }), SPAN);
    const [line] = chart.lines;
    expect(piecesOf(column(chart, 0))).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect([line?.low, line?.high]).toEqual([rows.min, rows.max]);
    expect(line && valueAt(line, 2_100)).toMatchObject({ kind: "gap" });
    expect(line && valueAt(line, 1_900)).toMatchObject({ value: 2, low: 1, high: 3 });
  });

  test("break alone at infinite values", () => {
    const odd = { ...b, values: [10, Number.POSITIVE_INFINITY, 30] };
    const chart = chartOf([point("a"), point("b", "", 1)], answer([a, odd]), SPAN);
    expect(piecesOf(column(chart, 0))).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(piecesOf(column(chart, 1))).toEqual([[10], [30]]);
  });

  test("are scaled so that differences stay finite", () => {
    const huge = series("huge", [
      [1_500, -Number.MAX_VALUE],
      [70_000, Number.MAX_VALUE],
    ]);
    const chosen = [point("a"), point("huge", "", 1), point("b", "percent", 2)];
    const chart = chartOf(chosen, answer([a, huge, b]), SPAN);
    const [least = 0, greatest = 0] = piecesOf(column(chart, 1)).flat();
    const { factor = 0 } = chart.lines[0] ?? {};
    expect(greatest - least).toBeLessThan(Number.MAX_VALUE);
    expect(greatest / factor).toBe(Number.MAX_VALUE);
    expect(piecesOf(column(chart, 0)).flat()).toEqual([1, 2, 3, 4].map((value) => value * factor));
    expect(piecesOf(column(chart, 2)).flat()).toEqual([10, 20, 30]);
    expect(chart.lines[1] && valueAt(chart.lines[1], 1_500)).toMatchObject({ value: -Number.MAX_VALUE });
  });

  test("are empty for points without series", () => {
    const chart = chartOf([point("a"), point("new", "", 1)], answer([a]), SPAN);
    expect(chart.lines[1]?.times).toEqual([]);
    expect(piecesOf(column(chart, 1))).toEqual([]);
    expect(paneOf(chartOf([point("a")], undefined, SPAN)).table[0]).toEqual([0, 100_000]);
  });
});

describe("value at a time", () => {
  const [line] = chartOf(
    [point("a")],
    answer([
      series(
        "a",
        [
          [10_000, 1],
          [20_000, 2],
          [60_000, 3],
        ],
        [gap(0, 10_000, "not_polled"), gap(20_000, 60_000, "rejected")],
      ),
    ]),
    SPAN,
  ).lines;
  const read = (time: number) => line && valueAt(line, time);

  test("is the nearest sample", () => {
    expect(read(14_000)).toMatchObject({ time: 10_000, value: 1 });
    expect(read(16_000)).toMatchObject({ time: 20_000, value: 2 });
    expect(read(99_000)).toMatchObject({ value: 3 });
  });

  test("is the gap around it", () => {
    expect(read(5_000)).toMatchObject({ kind: "gap", gap: { reason: "not_polled" } });
    expect(read(20_001)).toMatchObject({
      kind: "gap",
      gap: { from: 20_000, to: 60_000, reason: "rejected" },
    });
    expect(read(60_000)).toMatchObject({ kind: "sample", value: 3 });
  });

  test("is none without samples", () => {
    const [empty] = chartOf([point("b")], answer([series("b", [])]), SPAN).lines;
    expect(empty && valueAt(empty, 5)).toEqual({ kind: "none" });
  });
});

describe("aggregates", () => {
  const mean = { min: [0, 0], max: [1, 1], last: [1, 0] };
  const rows: [number, number][] = [
    [10_000, 0.4],
    [20_000, 0.6],
  ];
  const drawn = (draw: Chosen["draw"]) => {
    const aggregate = answer([{ ...series("a", rows), ...mean }], { data_type: "aggregate" });
    return chartOf([point("a", "", 0, draw)], aggregate, SPAN).lines[0];
  };

  test("of values that stay are their last, never a mean", () => {
    for (const draw of ["steps", "lane"] as const) expect(drawn(draw)).toMatchObject({ values: [1, 0] });
    const counter = { ...point("a"), aggregate: "last" } as const;
    const means = answer([{ ...series("a", rows), ...mean }]);
    expect(chartOf([counter], means, SPAN).lines[0]).toMatchObject({ values: [1, 0], high: [1, 1] });
  });

  test("of other values are a mean in a band", () => {
    expect(drawn("line")).toMatchObject({ values: [0.4, 0.6], low: [0, 0], high: [1, 1] });
  });
});

describe("bounds of totals", () => {
  const page = (rows: [number, number][], most?: number[]): Series => {
    const one = series("a", rows);
    return {
      ...one,
      ends: one.timestamps.map((start) => start + 5),
      ...(most && { at_least: one.values, at_most: most }),
    };
  };

  test("are read by the cursor", () => {
    const bars = page(
      [
        [10_000, 1],
        [20_000, 2],
      ],
      [1, 7],
    );
    const [line] = chartOf([point("a", "", 0, "bars")], answer([bars]), SPAN).lines;
    expect(line && valueAt(line, 10_001)).toMatchObject({ value: 1, low: 1, high: 1 });
    expect(line && valueAt(line, 20_001)).toMatchObject({ value: 2, low: 2, high: 7 });
  });

  test("of pages that lack them are the values", () => {
    const [all, some] = [
      page([
        [1, 1],
        [2, 2],
      ]),
      page([[3, 3]], [9]),
    ];
    const merged = (first: Series, next: Series) => mergePages(answer([first]), answer([next])).series[0];
    expect(merged(all, some)).toMatchObject({ at_least: [1, 2, 3], at_most: [1, 2, 9] });
    expect(merged(some, all)).toMatchObject({ at_least: [3, 1, 2], at_most: [9, 1, 2] });
    expect(merged(all, all)?.at_most).toBeUndefined();
  });
});

describe("value of a measured line", () => {
  test("is of the bucket that contains the time", () => {
    for (const draw of ["line", "bars"] as const)
      for (let seed = 1; seed < 30; seed++) {
        // Rows of buckets of some lengths; those about which nothing is known have none.
        const buckets = Array.from({ length: 1 + (seed % 7) }, (_, row) => {
          const start = row * 1_000 + ((seed * row) % 900);
          return { start, end: start + 50 + ((seed * 31 * (row + 1)) % 50), value: row };
        });
        const measured = {
          ...series(
            "a",
            buckets.map(({ start, value }) => [start, value]),
          ),
          ends: buckets.map(({ end }) => end),
        };
        const [line] = chartOf([point("a", "", 0, draw)], answer([measured]), SPAN).lines;
        for (let time = -100; time < 8_000; time += 37) {
          const bucket = buckets.find(({ start, end }) => start <= time && time < end);
          const value = line && valueAt(line, time);
          if (bucket)
            expect(value).toMatchObject({ time: bucket.start, end: bucket.end, value: bucket.value });
          else expect(value).toEqual({ kind: "none" });
        }
      }
  });
});

describe("value of a stepped line", () => {
  const rows: [number, number][] = [
    [10_000, 0],
    [20_000, 1],
    [60_000, 0],
  ];
  const gaps = [gap(0, 10_000, "not_polled"), gap(20_000, 50_000)];
  const [line] = chartOf([point("a", "", 0, "steps")], answer([series("a", rows, gaps)]), SPAN).lines;
  const read = (time: number) => line && valueAt(line, time);

  test("is the sample in force", () => {
    expect(read(10_000)).toMatchObject({ time: 10_000, value: 0 });
    expect(read(19_999)).toMatchObject({ time: 10_000, value: 0 });
    expect(read(20_000)).toMatchObject({ time: 20_000, value: 1 });
    expect(read(85_000)).toMatchObject({ time: 60_000, value: 0 });
  });

  test("is none after its hold", () => {
    expect(read(99_000)).toEqual({ kind: "none" });
  });

  test("is the gap or none without one", () => {
    expect(read(5_000)).toMatchObject({ kind: "gap" });
    expect(read(20_001)).toMatchObject({ kind: "gap" });
    const [early] = chartOf([point("a", "", 0, "steps")], answer([series("a", rows)]), SPAN).lines;
    expect(early && valueAt(early, 9_999)).toEqual({ kind: "none" });
  });
});

describe("common gaps", () => {
  const span = (from: number, to: number) => ({ from, to, reason: "no_data" as const });

  test("are the intersection of the lines' gaps", () => {
    expect(commonGaps([])).toEqual([]);
    expect(commonGaps([[span(0, 5)]])).toEqual([span(0, 5)]);
    expect(
      commonGaps([
        [span(0, 5), span(8, 20)],
        [span(3, 9), span(10, 12), span(15, 30)],
      ]),
    ).toEqual([span(3, 5), span(8, 9), span(10, 12), span(15, 20)]);
    expect(commonGaps([[span(0, 5)], [span(5, 9)]])).toEqual([]);
    expect(commonGaps([[span(0, 9)], [span(1, 8)], []])).toEqual([]);
  });
});

test("merged pages join rows, counts and gaps", () => {
  const first = answer([series("a", [[1, 1]], [gap(2_000, 5_000)])], { warnings: ["x"] });
  // The second and third gap meet at an isolated sample.
  const gaps = [{ ...gap(5_000, 9_000), continues: true }, gap(9_000, 9_500), gap(9_500, 9_900, "rejected")];
  const second = answer([series("a", [[9_000, 2]], gaps)], { warnings: ["x", "y"] });
  second.metadata = { ...second.metadata, sources: ["archive"], cache_hit: false };
  const whole = mergePages(first, second);
  expect(whole.series[0]).toMatchObject({
    timestamps: [1, 9_000],
    values: [1, 2],
    gaps: [gap(2_000, 9_000), gap(9_000, 9_500), gap(9_500, 9_900, "rejected")],
    coverage: { expected: 20, received: 2 },
  });
  expect(whole.metadata).toMatchObject({
    samples_read: 14,
    query_time_ms: 10,
    sources: ["hot", "archive"],
    cache_hit: false,
  });
  expect(whole.metadata.cost.micro_dollars).toBe(6);
  expect(whole.warnings).toEqual(["x", "y"]);
});

test("pages of buckets join their rows", () => {
  const page = (start: number): Series => ({
    ...series("a", [
      [start, 1],
      [start + 1, 2],
    ]),
    known: [null, 0.5],
    partial: [1],
    ends: [start + 1, start + 2],
  });
  const [whole] = mergePages(answer([page(1)]), answer([page(3)])).series;
  expect(whole).toMatchObject({
    timestamps: [1, 2, 3, 4],
    known: [null, 0.5, null, 0.5],
    partial: [1, 3],
    ends: [2, 3, 4, 5],
  });
});

test("units have axes on alternating sides", () => {
  const chosen = [point("a", "percent"), point("b", "%"), point("c", "°C"), point("d"), point("e", "volts")];
  expect(axesOf(chosen, 4).map(({ unit, side }) => [unit, side])).toEqual([
    ["%", 3],
    ["°C", 1],
    ["", 3],
    ["V", 1],
  ]);
  expect(axesOf(chosen, 2)).toHaveLength(2);
});

test("points keep their colours", () => {
  const first = slotsOf(["a", "b", "c"], new Map());
  expect([...first]).toEqual([
    ["a", 0],
    ["b", 1],
    ["c", 2],
  ]);
  const second = slotsOf(["b", "c"], first);
  expect(slotsOf(["b", "c", "d", "e"], second)).toEqual(new Map(Object.entries({ b: 1, c: 2, d: 0, e: 3 })));
});

test("total coverage caps each line", () => {
  const lines = chartOf(
    [point("a"), point("b"), point("c")],
    answer([series("a", []), series("b", []), series("c", [])]),
    SPAN,
  ).lines;
  const [a, b, c] = lines;
  if (a && b && c) {
    Object.assign(a, { expected: 10, received: 14 });
    Object.assign(b, { expected: 10, received: 5 });
    Object.assign(c, { expected: null, received: 99 });
  }
  expect(totalCoverage(lines)).toEqual({ received: 15, expected: 20 });
  const compared = lines.map((line) => ({ ...line, compared: true, received: 1 }));
  expect(totalCoverage([...compared, ...lines])).toEqual({ received: 15, expected: 20 });
  expect(totalCoverage([])).toBeUndefined();
});

test("bars of the compared range are before those of their point", () => {
  const line = (name: string, compared = false) => ({ name, compared });
  const lines = [
    line(comparedName("a"), true),
    line(comparedName("b"), true),
    line("a"),
    line("c"),
    line("b"),
  ];
  expect(inPairs(lines).map(({ name }) => name)).toEqual([
    ...[comparedName("a"), "a", "c", comparedName("b"), "b"],
  ]);
});
