import uPlot from "uplot";
import { describe, expect, test } from "vitest";
import { factorOf, rangeOf, ticksOf, wholeTicks } from "../src/pages/explore/plot/scale";
import { doubles, PAIRS } from "./doubles";

/** Returns the number of a label. */
function parsed(label: string): number {
  const powers: Record<string, number> = { k: 1e3, M: 1e6, G: 1e9, T: 1e12 };
  const [, digits = "", prefix = ""] = /^(.*?)([kMGT]?)$/.exec(label.replaceAll(",", "")) ?? [];
  return Number(digits) * (powers[prefix] ?? 1);
}

function scale(first: number, second: number, room: number) {
  const factor = factorOf([first, second]);
  const [least, greatest] = [Math.min(first, second) * factor, Math.max(first, second) * factor];
  const [min, max] = rangeOf(least, greatest, factor);
  return { factor, least, greatest, min, max, ...ticksOf(min, max, room, factor) };
}

const ascends = (numbers: number[]) =>
  numbers.every((value, index) => !index || value > (numbers[index - 1] as number));

/** Returns the failed checks of a scale of two values. */
function faults(first: number, second: number, room: number): string[] {
  const { factor, least, greatest, min, max, values, labels } = scale(first, second, room);
  const position = (value: number) => (value - min) / (max - min);
  const step = ((values[1] as number) - (values[0] as number)) / factor;
  const checks = {
    "the range is finite": min < max && Number.isFinite(max - min),
    "values are within the range":
      position(least) >= 0 && position(least) <= position(greatest) && position(greatest) <= 1,
    "the number of ticks is within limits": values.length >= 2 && values.length <= room + 1,
    "ticks are within the range": values.every((value) => min <= value && value <= max),
    "ticks ascend": ascends(values) && ascends(values.map(position)),
    "every tick has a label": labels.length === values.length,
    "labels are distinct": new Set(labels).size === labels.length,
    "labels are short": labels.every((label) => label.length <= 12 && label !== "-0"),
    "labels are exact to half a step": labels.every(
      (label, index) => Math.abs(parsed(label) - (values[index] as number) / factor) <= step / 2,
    ),
  };
  const failed = Object.entries(checks).flatMap(([name, holds]) => (holds ? [] : [name]));
  return failed.length
    ? [`${first} and ${second}, room ${room}: ${failed.join(", ")}: ${labels.join(" ")}`]
    : [];
}

describe("any two finite doubles make a scale", () => {
  test("edge cases", () => {
    const all = PAIRS.flatMap(([first, second]) =>
      [5, 9.7, 30].flatMap((room) => faults(first, second, room)),
    );
    expect(all).toEqual([]);
  });

  test("random doubles", () => {
    const next = doubles(1);
    const turns = Array.from({ length: 2000 }, (_, turn) => faults(next(), next(), 5 + (turn % 20)));
    expect(turns.flat()).toEqual([]);
  });

  test("random doubles near each other", () => {
    const next = doubles(2);
    const turns = Array.from({ length: 2000 }, (_, turn) => {
      const value = next();
      return faults(value, value * (1 - 10 ** -(turn % 20)), 5 + (turn % 20));
    });
    expect(turns.flat()).toEqual([]);
  });
});

test("ranges of ordinary values equal uPlot's", () => {
  for (let turn = 0; turn < 2000; turn++) {
    const least = Math.round(Math.sin(turn) * 10 ** (turn % 6) * 100) / 100;
    const greatest = least + Math.round(Math.abs(Math.cos(turn)) * 10 ** ((turn % 7) + 1)) / 10;
    const expected = uPlot.rangeNum(least, greatest, 0.1, true);
    const [min, max] = rangeOf(least, greatest);
    expect(min).toBeCloseTo(expected[0] as number, 9);
    expect(max).toBeCloseTo(expected[1] as number, 9);
  }
  expect(rangeOf(0, 0)).toEqual([0, 100]);
  expect(rangeOf(21, 21)).toEqual([0, 42]);
  expect(rangeOf(null, null)).toEqual([0, 1]);
});

test("ticks of ordinary ranges are round numbers", () => {
  expect(ticksOf(0, 42, 10)).toEqual({
    values: [0, 5, 10, 15, 20, 25, 30, 35, 40],
    labels: ["0", "5", "10", "15", "20", "25", "30", "35", "40"],
  });
  expect(ticksOf(65.5, 65.7, 9).labels.slice(0, 3)).toEqual(["65.5", "65.525", "65.55"]);
  expect(ticksOf(0, 2_000_000, 4).labels).toEqual(["0", "500k", "1M", "1.5M", "2M"]);
});

test("counts have ticks at whole numbers only", () => {
  expect(wholeTicks(ticksOf(0, 2.2, 10))).toEqual({ values: [0, 1, 2], labels: ["0", "1", "2"] });
  expect(wholeTicks(ticksOf(0, 50, 5))).toEqual(ticksOf(0, 50, 5));
});

test("ticks at the limits of doubles", () => {
  const labels = (first: number, second: number) => scale(first, second, 9).labels.join(" ");
  expect(labels(-1.7e308, 1.7e308)).toBe("-1.5e308 -1e308 -5e307 0 5e307 1e308 1.5e308");
  expect(labels(0, 5e-324)).toBe("0 5e-324");
  expect(labels(1, 1.00000024)).toBe("1 1.00000005 1.0000001 1.00000015 1.0000002 1.00000025");
  expect(labels(1, 1 + 2 ** -52)).toBe("0 0.25 0.5 0.75 1 1.25 1.5 1.75 2");
  expect(labels(16_777_216, 16_777_218)).toBe("16,777,216 16,777,216.5 16,777,217 16,777,217.5 16,777,218");
  expect(labels(1e15, 1e15 + 0.125)).toBe("0 250T 500T 750T 1000T 1250T 1500T 1750T 2000T");
  expect(labels(1_234_567_890, 1_234_567_930)).toBe(
    "1.23456789G 1.2345679G 1.23456791G 1.23456792G 1.23456793G",
  );
});
