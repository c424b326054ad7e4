import { describe, expect, test } from "vitest";
import { momentOf, sentenceOf } from "../src/pages/explore/chart/moment";
import type { Line } from "../src/pages/explore/data/line";
import { valueAt } from "../src/pages/explore/data/line-value";
import { type StopView, stopByKey } from "../src/pages/explore/data/stops";
import { MINUTE, SECOND } from "../src/pages/explore/range/range";
import { wholes } from "./doubles";
import { lineOf } from "./lines";

const SHIFT_LEFT = { key: "ArrowLeft", shiftKey: true };
const SHIFT_RIGHT = { key: "ArrowRight", shiftKey: true };
const plain = (key: string) => ({ key, shiftKey: false });

/** Returns lines whose samples begin before the span and end after it, some with a gap. */
function viewOf(seed: number, pixel: number): StopView & { lines: Line[] } {
  const draw = wholes(seed);
  const span = { from: 1000, to: 1000 + 50 * (1 + draw(40)) };
  const lines = Array.from({ length: 1 + draw(4) }, () => {
    const times = [...new Set(Array.from({ length: draw(60) }, () => 500 + draw(3500)))].sort(
      (a, b) => a - b,
    );
    const [from, to] = [times[draw(60)], times[draw(60)]];
    const gaps =
      from !== undefined && to !== undefined && to - from > 2
        ? [{ from, to, reason: "no_data" as const }]
        : [];
    return lineOf({
      times: times.filter((time) => gaps.every((gap) => time <= gap.from || time >= gap.to)),
      gaps,
    });
  });
  return { lines, span, pixel };
}

function walked(view: StopView, start: string, step: typeof SHIFT_LEFT): number[] {
  const stops: number[] = [];
  let cursor = stopByKey(view, plain(start), undefined);
  while (cursor !== undefined && cursor !== stops.at(-1)) {
    stops.push(cursor);
    cursor = stopByKey(view, step, cursor);
  }
  return stops;
}

const SEEDS = Array.from({ length: 200 }, (_, seed) => seed);

describe("the keys of the cursor", () => {
  test("stop at each sample and gap in view, in both directions", () => {
    for (const seed of SEEDS) {
      const view = viewOf(seed, 1);
      const { lines, span } = view;
      const forward = walked(view, "Home", SHIFT_RIGHT);
      const samples = lines.flatMap(({ times }) =>
        times.filter((time) => span.from <= time && time <= span.to),
      );
      const gaps = lines
        .flatMap((line) => line.gaps)
        .filter(({ from, to }) => from < span.to && to > span.from);
      expect(samples.filter((time) => !forward.includes(time))).toEqual([]);
      for (const gap of gaps) expect(forward.some((stop) => stop > gap.from && stop < gap.to)).toBe(true);
      expect(forward.length).toBeLessThanOrEqual(new Set(samples).size + gaps.length);
      expect(walked(view, "End", SHIFT_LEFT).reverse()).toEqual(forward);
    }
  });

  test("move by a pixel or more until the last stop", () => {
    for (const seed of SEEDS) {
      const view = viewOf(seed, 30);
      for (const stops of [walked(view, "Home", SHIFT_RIGHT), walked(view, "End", SHIFT_LEFT)]) {
        const steps = stops.slice(1).map((stop, index) => Math.abs(stop - (stops[index] as number)));
        for (const step of steps.slice(0, -1)) expect(step).toBeGreaterThanOrEqual(30);
        const ends = ["Home", "End"].map((key) => stopByKey(view, plain(key), undefined));
        if (stops.length) expect(stops).toEqual(expect.arrayContaining(ends));
      }
    }
  });

  test("page by at least a tenth of the span", () => {
    for (const seed of SEEDS) {
      const view = viewOf(seed, 1);
      const last = stopByKey(view, plain("End"), undefined);
      const first = stopByKey(view, plain("PageDown"), undefined);
      expect(first).toBe(stopByKey(view, plain("Home"), undefined));
      const next = stopByKey(view, plain("PageDown"), first);
      if (first === undefined || next === undefined || next === last) continue;
      expect(next - first).toBeGreaterThanOrEqual((view.span.to - view.span.from) / 10);
    }
  });

  test("leave the other keys to the chart", () => {
    const view = viewOf(1, 1);
    for (const key of ["ArrowLeft", "ArrowRight", "+", "0", "Escape", "a"])
      expect(stopByKey(view, plain(key), 1200)).toBeUndefined();
    expect(stopByKey({ ...view, lines: [] }, plain("Home"), undefined)).toBeUndefined();
  });

  test("a stop at a sample shows that sample", () => {
    for (const seed of SEEDS.slice(0, 30)) {
      const view = viewOf(seed, 1);
      for (const draw of ["line", "steps", "lane"] as const)
        for (const stop of walked(view, "Home", SHIFT_RIGHT))
          for (const line of view.lines)
            if (line.times.includes(stop))
              expect(valueAt({ ...line, draw, values: line.times }, stop)).toMatchObject({ value: stop });
    }
  });
});

describe("what is read aloud", () => {
  const read = (...lines: Line[]) => sentenceOf(lines, momentOf(lines, 60 * MINUTE, "UTC"), "UTC");
  const sampled = { times: [60 * MINUTE], hold: MINUTE };

  test("names each line with its value, unit or state", () => {
    const zone = lineOf({ label: "Zone", unit: "degreesCelsius", ...sampled, values: [21.5] });
    const band = lineOf({ label: "Hall", ...sampled, values: [3], low: [1], high: [4] });
    const states = new Map([[1, "On"]]);
    const fan = lineOf({ label: "Fan", draw: "lane", states, ...sampled, values: [1] });
    const old = lineOf({ label: "Old", draw: "steps" });
    expect(read(zone, band, fan, old)).toBe(
      "1 Jan 1970, 01:00:00: Zone 21.5 °C; Hall 3, from 1 to 4; Fan On; Old no value",
    );
  });

  test("says a gap that all have once, and others by line", () => {
    const gap = { from: 30 * MINUTE, to: 90 * MINUTE, reason: "no_data" as const };
    const first = lineOf({ label: "A", gaps: [gap] });
    const second = lineOf({ label: "B", ...sampled, values: [2] });
    expect(read(first, first)).toMatch(/^1 Jan 1970, 01:00:00: no data, 1 Jan 1970, 00:30\D+01:30$/);
    expect(read(first, second)).toBe("1 Jan 1970, 01:00:00: A no data; B 2");
  });

  test("begins with the bucket of a bar", () => {
    const bar = lineOf({
      label: "Meter",
      draw: "bars",
      times: [59 * MINUTE],
      ends: [62 * MINUTE],
      values: [5],
    });
    expect(read({ ...bar, partial: [0] })).toMatch(/^1 Jan 1970, 00:59\D+01:02, not over: Meter 5$/);
    expect(momentOf([bar], 62 * MINUTE + SECOND, "UTC").samples).toEqual([{ kind: "none" }]);
  });

  test("begins with the range's own bucket before a compared one", () => {
    const own = lineOf({
      draw: "bars",
      times: [59 * MINUTE],
      ends: [62 * MINUTE],
      values: [5],
      partial: [0],
    });
    const before = { ...own, name: "b", compared: true, partial: [] };
    expect(momentOf([before, own], 60 * MINUTE, "UTC").title).toMatch(/, not over$/);
    const none = { ...own, times: [], ends: [], values: [], partial: [] };
    expect(momentOf([before, none], 60 * MINUTE, "UTC").title).toMatch(/01:02$/);
  });
});
