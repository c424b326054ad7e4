import { describe, expect, test } from "vitest";
import type { Point } from "../src/api/types";
import { formatAddress, parseAddress } from "../src/pages/explore/address";
import { optionsOf as comparisonsOf } from "../src/pages/explore/compare/compare-menu";
import { parseVersus } from "../src/pages/explore/compare/versus";
import { optionsOf as measuresOf, noneOf } from "../src/pages/explore/measure/measure-menu";
import { movedSpan, planOf, shownSpan } from "../src/pages/explore/measure/plan";
import { optionsOf as resolutionsOf } from "../src/pages/explore/measure/resolution-menu";
import { DAY, HOUR, MINUTE } from "../src/pages/explore/range/range";
import { optionByKey } from "../src/ui/menu-keys";

const ZONE = "America/Chicago";
const START = Date.parse("2026-03-09T05:00:00Z");
const point = (kind: Point["kind"], interval_seconds: number | null = 60): Point => ({
  point_name: kind,
  display_name: kind,
  unit: "",
  tags: [],
  interval_seconds,
  description: "",
  device: null,
  equipment: null,
  kind,
});
const ALL = (["analog", "binary", "counter", "multistate", "setpoint"] as const).map((kind) => point(kind));
const spanOf = (length: number) => ({ from: START, to: START + length });
const parse = (query: string) => parseAddress(new URLSearchParams(query));

describe("the address", () => {
  test("round-trips every choice", () => {
    const query = "point=a&point=b&zone=browser&resolution=1d&measure=increase&vs=364d&range=this-week";
    expect(formatAddress(parse(query)).toString()).toBe(query);
  });

  test("is short without choices", () => {
    expect(formatAddress(parse("point=a")).toString()).toBe("point=a&range=24h");
  });

  test("ignores what there is not", () => {
    expect(parse("zone=x&resolution=7m&measure=toString&vs=0d&range=24h")).toEqual(parse(""));
    for (const text of ["", "1", "w", "-1d", "1mo", "2026-02-30", "12345d"])
      expect(parseVersus(text)).toBeUndefined();
  });
});

describe("the plan", () => {
  test("measures the points that have the measure", () => {
    const measured = (measure: string, resolution = "auto") => {
      const choice = parse(`measure=${measure}&resolution=${resolution}`);
      return planOf(choice, ALL, spanOf(DAY)).measured;
    };
    const numbers = ["analog", "counter", "setpoint"];
    for (const measure of ["min", "max", "first", "last", "count"])
      expect(measured(measure)).toEqual(numbers);
    for (const measure of ["time_weighted_mean", "sd", "integral"])
      expect(measured(measure)).toEqual(["analog", "setpoint"]);
    for (const measure of ["increase", "rate"]) expect(measured(measure)).toEqual(["analog", "counter"]);
    for (const measure of ["runtime", "starts"]) expect(measured(measure)).toEqual(["binary"]);
    expect(measured("", "1h")).toEqual(["analog", "counter"]);
    expect(measured("")).toEqual([]);
  });

  test("samples the other points", () => {
    for (const query of ["", "measure=increase", "resolution=1h", "measure=runtime&resolution=1d"]) {
      const { measured, sampled } = planOf(parse(query), ALL, spanOf(DAY));
      expect([...measured, ...sampled].sort()).toEqual(ALL.map(({ kind }) => kind).sort());
    }
  });

  test("replaces buckets that are too many", () => {
    const choice = parse("resolution=5m&measure=increase");
    expect(planOf(choice, ALL, spanOf(10 * DAY)).bucket).toBe("5m");
    expect(planOf(choice, ALL, spanOf(300 * DAY)).bucket).toBe("1mo");
    expect(planOf(parse("resolution=5m"), ALL, spanOf(300 * DAY)).bucket).toBeUndefined();
    expect(planOf(parse("resolution=raw"), ALL, spanOf(300 * DAY)).raw).toBe(true);
    expect(planOf(parse("resolution=raw"), [point("analog", 5)], spanOf(300 * DAY)).raw).toBe(false);
  });

  test("shows totals whole, and a pan keeps the length", () => {
    const span = { from: START + HOUR, to: START + 30 * HOUR };
    const plan = planOf(parse("measure=increase&resolution=1d"), ALL, span);
    const shown = { from: START, to: START + 2 * DAY };
    expect(shownSpan(plan, span, ZONE)).toEqual(shown);
    expect(shownSpan(planOf(parse("measure=max"), ALL, span), span, ZONE)).toBe(span);
    const moved = { from: shown.from + MINUTE, to: shown.to + MINUTE };
    expect(movedSpan(moved, "pan", shown, span)).toEqual({ from: span.from + MINUTE, to: span.to + MINUTE });
    expect(movedSpan(moved, "zoom", shown, span)).toBe(moved);
  });
});

describe("entries without effect say why", () => {
  const reasons = (options: { value: string; reason?: string | undefined }[]) =>
    Object.fromEntries(options.flatMap(({ value, reason }) => (reason ? [[value, reason]] : [])));

  test("of measures", () => {
    expect(reasons(measuresOf("Samples", ALL))).toEqual({});
    expect(Object.keys(reasons(measuresOf("Samples", [point("analog")])))).toEqual(["runtime", "starts"]);
    expect(Object.keys(reasons(measuresOf("Samples", [point("multistate")])))).toHaveLength(12);
  });

  test("no measure of a counter is a mean", () => {
    const counter = [point("counter")];
    const means = ["time_weighted_mean", "sd", "runtime", "starts", "integral"];
    expect(Object.keys(reasons(measuresOf(noneOf(true, counter), counter)))).toEqual(means);
    expect(measuresOf(noneOf(true, counter), counter)[0]?.title).toBe("Last readings");
    expect(noneOf(true, ALL)).toBe("Mean");
    expect(noneOf(false, ALL)).toBe("Samples");
  });

  test("of comparisons", () => {
    const measured = ["meter"];
    for (const bucket of [undefined, "1h", "1d", "1w"] as const)
      expect(reasons(comparisonsOf({ bucket, measured }))).toEqual({});
    expect(Object.keys(reasons(comparisonsOf({ bucket: "1mo", measured })))).toEqual(["1w"]);
    expect(reasons(comparisonsOf({ bucket: "1mo", measured: [] }))).toEqual({});
  });

  test("of resolutions", () => {
    const of = (query: string, points: Point[], length: number) =>
      reasons(resolutionsOf(parse(query), points, spanOf(length)));
    expect(of("", ALL, DAY)).toEqual({});
    expect(of("measure=increase", ALL, DAY)).toEqual({ raw: "Increase needs buckets; choose a length" });
    expect(Object.keys(of("", [point("analog")], 300 * DAY))).toEqual(["5m"]);
    expect(Object.keys(of("", [point("binary")], DAY))).toHaveLength(6);
  });
});

test("an enabled resolution is what is shown", () => {
  const lengths = [HOUR, 40 * DAY, 300 * DAY];
  const measures = ["", "increase", "runtime"];
  for (let set = 1; set < 2 ** ALL.length; set++)
    for (const copies of [1, 6])
      for (const measure of measures)
        for (const length of lengths) {
          const points = ALL.filter((_, index) => set & (1 << index)).flatMap((one) =>
            Array.from({ length: copies }, () => one),
          );
          for (const { value, reason } of resolutionsOf(
            parse(`measure=${measure}`),
            points,
            spanOf(length),
          )) {
            const plan = planOf(
              { ...parse(`measure=${measure}`), resolution: value },
              points,
              spanOf(length),
            );
            const isShown = value === "raw" ? plan.raw : plan.bucket === value && plan.measured.length > 0;
            if (value !== "auto") expect(isShown, `${value} ${reason}`).toBe(reason === undefined);
          }
        }
});

test("keys move in a menu", () => {
  const titles = ["Automatic", "All samples", "1 hour", "1 day"];
  const pressed = (...keys: string[]) =>
    keys.reduce((active, key) => optionByKey(titles, active, key) ?? active, 0);
  expect(pressed("ArrowUp")).toBe(0);
  expect(pressed("ArrowDown", "ArrowDown")).toBe(2);
  expect(pressed("End", "ArrowDown")).toBe(3);
  expect(pressed("End", "Home")).toBe(0);
  expect(pressed("a")).toBe(1);
  expect(pressed("1", "1", "1")).toBe(2);
  expect(pressed("x", "Tab", " ", "Enter")).toBe(0);
});
