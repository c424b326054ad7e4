import { describe, expect, test } from "vitest";
import { pairsOf } from "../src/pages/explore/legend/requests";
import { bucketOf, bucketsWithin } from "../src/pages/explore/measure/buckets";
import type { Plan } from "../src/pages/explore/measure/plan";
import { DAY, HOUR, type Span } from "../src/pages/explore/range/range";

const plan = (bucket: Plan["bucket"], changes: Partial<Plan> = {}): Plan => ({
  ...{ bucket, measure: undefined, measured: bucket ? ["m"] : [], sampled: bucket ? [] : ["m"], raw: false },
  ...changes,
});
const pairs = (versus: string, of: Plan, span: Span) =>
  pairsOf([...of.measured, ...of.sampled], { versus, plan: of, span, whole: span, timeZone: "UTC" });
const days = (from: string, to: string): Span => ({ from: Date.parse(from), to: Date.parse(to) });
const january = days("2026-01-01", "2026-02-01");

describe("statistics that are compared", () => {
  test("are of the months that the chart draws", () => {
    const [pair] = pairs("364d", plan("1mo"), january);
    expect(pair).toEqual({ points: ["m"], own: january, other: days("2025-01-01", "2025-02-01") });
  });

  test("are of the weeks that the chart draws", () => {
    const [pair] = pairs("2025-12-11", plan("1w"), days("2026-01-05", "2026-01-19"));
    expect(pair?.other).toEqual(days("2025-12-08", "2025-12-22"));
  });

  test("are of whole months in both ranges", () => {
    const [pair] = pairs("364d", plan("1mo"), days("2026-01-20", "2026-04-10"));
    expect(pair?.own).toEqual(days("2026-02-01", "2026-04-01"));
    expect(pair?.other).toEqual(days("2025-02-01", "2025-04-01"));
  });

  test("are none without a compared line", () => {
    expect(pairs("1w", plan("1mo"), january)).toEqual([]);
    expect(pairs("2026-01-20", plan("1mo"), january)).toEqual([]);
    expect(pairs("364d", plan("1mo"), days("2026-01-02", "2026-01-31"))).toEqual([]);
    expect(pairs("364d", plan("1mo", { measure: "max" }), january)).toEqual([]);
  });

  test("of samples are as many days earlier", () => {
    const mixed = plan("1mo", { sampled: ["s"] });
    const sampled = { own: january, other: days("2025-01-02", "2025-02-02") };
    expect(pairs("364d", mixed, january)[0]).toEqual({ points: ["s"], ...sampled });
    expect(pairs("364d", plan("1d"), january)).toEqual([{ points: ["m"], ...sampled }]);
    expect(pairs("364d", plan(undefined), january)).toEqual([{ points: ["m"], ...sampled }]);
  });
});

test("whole buckets in a span are bounded by its edges", () => {
  for (const zone of ["America/Chicago", "Australia/Lord_Howe"])
    for (const bucket of ["1d", "1w", "1mo"] as const)
      for (let from = Date.UTC(2026, 0, 1); from < Date.UTC(2026, 11, 1); from += 17 * DAY + 5 * HOUR) {
        const span = { from, to: from + 70 * DAY };
        const within = bucketsWithin(span, bucket, zone) as Span;
        for (const edge of [within.from, within.to]) expect(bucketOf(edge, bucket, zone).from).toBe(edge);
        expect(bucketOf(within.from - 1, bucket, zone).from).toBeLessThan(span.from);
        expect(bucketOf(within.to, bucket, zone).to).toBeGreaterThan(span.to);
        expect(within.from).toBeGreaterThanOrEqual(span.from);
        expect(within.to).toBeLessThanOrEqual(span.to);
        expect(bucketsWithin(within, bucket, zone)).toEqual(within);
      }
});
