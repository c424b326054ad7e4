import { describe, expect, test } from "vitest";
import { hourColours, hoursOf, statesOf } from "../src/pages/explore/scatter/colours";
import { fitOf } from "../src/pages/explore/scatter/fit";
import { type Brush, brushByKey, inside, spansOf } from "../src/pages/explore/scatter/marks";
import { BUCKET_MS, bucketsBegun, concatenated, pairsOf, slicesOf } from "../src/pages/explore/scatter/pairs";
import { positionOf, scaleOf, ticksOf } from "../src/pages/explore/scatter/scale";
import { PAIRS } from "./doubles";

const column = (values: Record<number, number>) => ({
  times: Object.keys(values).map(Number),
  values: Object.values(values),
});

describe("pairs", () => {
  test("have a finite value of both points in one bucket", () => {
    const first = column({ 1: 10, 2: 20, 3: 30, 5: 50 });
    const second = column({ 0: 1, 2: 2, 3: Number.POSITIVE_INFINITY, 4: 4, 5: 5 });
    expect(pairsOf(first, second)).toEqual({ times: [2, 5], x: [20, 50], y: [2, 5] });
    expect(pairsOf(first, column({})).times).toEqual([]);
  });

  test("buckets count from the one that contains the start to the present", () => {
    const [from, to] = [10 * BUCKET_MS + 1, 14 * BUCKET_MS];
    expect(bucketsBegun({ from, to }, to)).toBe(4);
    expect(bucketsBegun({ from, to: to + 1 }, to + 1)).toBe(5);
    expect(bucketsBegun({ from, to }, 12 * BUCKET_MS)).toBe(2);
    expect(bucketsBegun({ from, to }, 0)).toBe(0);
  });

  test("slices cover a span and meet at edges of buckets", () => {
    const span = { from: 7 * BUCKET_MS + 5, to: 365 * 96 * BUCKET_MS };
    const slices = slicesOf(span, 60);
    expect(slices).toHaveLength(7);
    expect([slices[0]?.from, slices.at(-1)?.to]).toEqual([span.from, span.to]);
    for (const [index, slice] of slices.slice(1).entries()) {
      expect(slice.from).toBe(slices[index]?.to);
      expect(slice.from % BUCKET_MS).toBe(0);
    }
  });

  test("a bucket of two slices counts once", () => {
    const joined = concatenated([column({ 1: 1, 2: 2 }), column({ 2: 2, 3: 3 })]);
    expect(joined).toEqual({ times: [1, 2, 3], values: [1, 2, 3] });
  });
});

describe("fit", () => {
  test("of a line is the line", () => {
    const x = [0, 1, 2, 5];
    expect(fitOf(x, [3, 5, 7, 13])).toEqual({ n: 4, slope: 2, intercept: 3, r2: 1 });
  });

  test("keeps its digits far from zero", () => {
    const x = Array.from({ length: 1000 }, (_, index) => 1e9 + index / 1024);
    const fit = fitOf(
      x,
      x.map((value) => 2 * (value - 1e9)),
    );
    expect(fit.slope).toBeCloseTo(2, 12);
    expect(fit.r2).toBeCloseTo(1, 12);
  });

  test("is unknown where all x are equal", () => {
    expect(fitOf([], [])).toEqual({ n: 0, slope: null, intercept: null, r2: null });
    expect(fitOf([4], [1])).toEqual({ n: 1, slope: null, intercept: null, r2: null });
    expect(fitOf([4, 4], [1, 2])).toEqual({ n: 2, slope: null, intercept: null, r2: null });
    expect(fitOf([0.1, 0.1, 0.1], [1, 2, 3]).slope).toBeNull();
  });

  test("of equal y is flat and exact", () => {
    expect(fitOf([1, 2, 4], [7, 7, 7])).toEqual({ n: 3, slope: 0, intercept: 7, r2: 1 });
  });

  test("of any doubles is a number or null", () => {
    for (const [low, high] of PAIRS) {
      const { slope, r2 } = fitOf([low, high, low], [1, 2, 1]);
      if (r2 !== null) expect(r2).toBeCloseTo(1, 9);
      expect(slope === null || !Number.isNaN(slope)).toBe(true);
    }
  });
});

describe("marks", () => {
  const pairs = { times: [0, 1, 2, 4].map((row) => row * BUCKET_MS), x: [0, 1, 2, 3], y: [0, 5, 5, 9] };

  test("are the pairs inside, edges included", () => {
    expect(inside(pairs, { x: [1, 2], y: [0, 5] })).toEqual([1, 2]);
    expect(inside(pairs, { x: [0, 3], y: [0, 9] })).toEqual([0, 1, 2, 3]);
  });

  test("times that touch are one span", () => {
    expect(spansOf(pairs.times)).toEqual([
      { from: 0, to: 3 * BUCKET_MS },
      { from: 4 * BUCKET_MS, to: 5 * BUCKET_MS },
    ]);
    expect(spansOf([])).toEqual([]);
  });

  test("arrow keys draw, move and resize within the plot", () => {
    let brush: Brush | undefined = brushByKey(undefined, "ArrowRight", false);
    const drawn = brush;
    expect(brush).toBeDefined();
    for (let press = 0; press < 50; press++) brush = brushByKey(brush, "ArrowRight", false);
    expect(brush?.right).toBeCloseTo(1, 12);
    expect((brush?.right ?? 0) - (brush?.left ?? 0)).toBeCloseTo(0.3, 12);
    for (let press = 0; press < 50; press++) brush = brushByKey(brush, "ArrowUp", true);
    expect((brush?.bottom ?? 0) - (brush?.top ?? 0)).toBeCloseTo(0.02, 12);
    expect(brush?.top).toBe(drawn?.top);
    expect(brushByKey(brush, "a", false)).toBeUndefined();
  });
});

describe("scale", () => {
  test("of any values has positions from 0 to 1", () => {
    for (const pair of PAIRS) {
      const scale = scaleOf(pair);
      for (const value of pair) {
        const position = positionOf(scale, value);
        expect(position).toBeGreaterThanOrEqual(0);
        expect(position).toBeLessThanOrEqual(1);
      }
      expect(ticksOf(scale, 6).values.length).toBeLessThanOrEqual(13);
    }
    expect(scaleOf([])).toEqual({ min: 0, max: 1 });
  });

  test("ticks are round and inside", () => {
    expect(ticksOf({ min: 64.7, max: 72.2 }, 5).values).toEqual([66, 68, 70, 72]);
    expect(ticksOf({ min: -0.1, max: 1.1 }, 6).step).toBe(0.2);
  });
});

describe("colours", () => {
  test("hours are of the zone, also where its clock changes", () => {
    const times = ["2026-11-01T05:45Z", "2026-11-01T06:00Z", "2026-11-01T07:00Z", "2026-11-01T08:00Z"];
    expect(hoursOf(times.map(Date.parse), "America/Chicago")).toEqual([0, 1, 1, 2]);
    expect(hoursOf([Date.parse("2026-01-01T18:30Z")], "Asia/Kolkata")).toEqual([0]);
    expect(hoursOf([], "UTC")).toEqual([]);
  });

  test("each hour has its own", () => {
    for (const dark of [false, true]) expect(new Set(hourColours(dark)).size).toBe(24);
  });

  test("states are off, on or missing", () => {
    expect(statesOf([1, 2, 3, 4], column({ 1: 0, 3: 1 }))).toEqual([0, 2, 1, 2]);
    expect(statesOf([1], column({}))).toEqual([2]);
  });
});
