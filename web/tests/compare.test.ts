import { describe, expect, test } from "vitest";
import type { Series } from "../src/api/types";
import { laterBy, laterByUnits, shifted } from "../src/pages/explore/compare/shift";
import {
  daysOf,
  distanceOf,
  earlier,
  earlierBuckets,
  earlierSpan,
  versusNote,
  versusTexts,
  versusTitle,
} from "../src/pages/explore/compare/versus";
import { bucketOf } from "../src/pages/explore/measure/buckets";
import type { Bucket } from "../src/pages/explore/measure/resolutions";
import { DAY, HOUR, MINUTE, type Span } from "../src/pages/explore/range/range";
import { instantOf, wallClock } from "../src/ui/zone";

const ZONE = "America/Chicago";
const PLAN = { measure: "increase", raw: false } as const;
const START = Date.parse("2026-03-09T05:00:00Z");
const at = (text: string) => Date.parse(text);

describe("a comparison", () => {
  test("is some local days earlier", () => {
    const day = { from: START, to: Date.parse("2026-03-10T05:00:00Z") };
    expect(daysOf("1w", day, ZONE)).toBe(7);
    expect(daysOf("364d", day, ZONE)).toBe(364);
    expect(daysOf("2026-01-05", day, ZONE)).toBe(63);
    expect(daysOf("2026-04-01", day, ZONE)).toBe(-23);
    // The clocks were turned in between.
    expect(earlierSpan(day, 7, ZONE)).toEqual({
      from: Date.parse("2026-03-02T06:00:00Z"),
      to: Date.parse("2026-03-03T06:00:00Z"),
    });
    expect(
      ["1w", "364d", "2026-01-05", "1d", "2w"].map((versus) => versusTitle(versus, undefined, day, ZONE)),
    ).toEqual([
      ...["a week earlier", "52 weeks earlier", "from 2026-01-05", "1 day earlier", "2 weeks earlier"],
    ]);
  });

  test("says which days it is with, of buckets and of samples", () => {
    const week = { from: at("2026-11-01T05:00Z"), to: at("2026-11-08T06:00Z") };
    const textsOf = (versus: string, bucket: Bucket, span = week) =>
      versusTexts(versus, { ...PLAN, bucket, measured: ["a"], sampled: ["b"] }, span, ZONE).map((text) =>
        text.replaceAll("\u2009", ""),
      );
    expect(textsOf("1w", "1d")).toEqual(["a week earlier, 25–31 Oct 2026"]);
    expect(textsOf("364d", "1mo")).toEqual([
      ...["a year earlier, 1–30 Nov 2025", "52 weeks earlier, 2–8 Nov 2025"],
    ]);
    // Buckets would be of the same month.
    expect(textsOf("1w", "1mo")).toEqual(["a week earlier, 25–31 Oct 2026"]);
    // The chart shows whole weeks from a Monday on, and samples from the Wednesday on.
    const wednesday = { from: at("2026-11-11T06:00Z"), to: at("2026-11-18T06:00Z") };
    expect(textsOf("2025-11-11", "1w", wednesday)).toEqual([
      ...["from the week of 2025-11-11, 10–23 Nov 2025", "from 2025-11-11, 11–17 Nov 2025"],
    ]);
  });

  test("moves times to the same local time", () => {
    const later = laterBy(7, ZONE);
    for (let time = START - 30 * DAY; time < START; time += 7 * HOUR + MINUTE) {
      const moved = later.sample(time);
      if (moved !== undefined) expect(earlier(moved, 7, ZONE)).toBe(time);
    }
    // 02:30 of the day on which the clocks are turned.
    expect(later.sample(Date.parse("2026-03-01T08:30:00Z"))).toBeUndefined();
    expect(later.sample(Date.parse("2026-03-01T07:30:00Z"))).toBe(Date.parse("2026-03-08T07:30:00Z"));
  });

  test("keeps the rows of a moved series together", () => {
    // 00:30, 01:30, 01:30 again and 02:30 of an autumn day.
    const times = [5, 6, 7, 8].map((hour) => Date.UTC(2025, 10, 2, hour, 30));
    const series: Series = {
      point_name: "a",
      unit: "",
      source_unit: "",
      timestamps: times,
      values: [0, 1, 2, 3],
      known: [0, 0.1, 0.2, 0.3],
      partial: [3],
      gaps: [{ start: "2025-11-02T05:30:00Z", end: "2025-11-02T06:30:00Z", reason: "no_data" }],
      coverage: { expected: 4, received: 4 },
    };
    const moved = shifted(series, laterBy(1, ZONE));
    expect(moved.values).toEqual([0, 1, 3]);
    expect(moved.known).toEqual([0, 0.1, 0.3]);
    expect(moved.partial).toEqual([2]);
    expect(moved.timestamps).toEqual([6, 7, 8].map((hour) => Date.UTC(2025, 10, 3, hour, 30)));
    expect(moved.gaps).toEqual([
      { start: "2025-11-03T06:30:00.000Z", end: "2025-11-03T07:30:00.000Z", reason: "no_data" },
    ]);
  });
});

/** Returns a series with a row per bucket of a span, each with its index, and gaps between edges of buckets. */
function seriesOf(span: Span, bucket: Bucket, zone: string): Series {
  const buckets: Span[] = [];
  for (let time = span.from; time < span.to; ) {
    const next = bucketOf(time, bucket, zone);
    buckets.push(next);
    time = next.to;
  }
  const index = buckets.map((_, row) => row);
  const iso = (ms: number) => new Date(ms).toISOString();
  return {
    ...{ point_name: "a", unit: "", source_unit: "", coverage: { expected: 1, received: 1 } },
    timestamps: buckets.map(({ from }) => from),
    ends: buckets.map(({ to }) => to),
    ...{
      values: index,
      count: index,
      first: index,
      last: index,
      at_least: index,
      at_most: index,
      known: index,
    },
    partial: index.filter((row) => row % 3 === 0),
    gaps: buckets
      .filter((_, row) => row % 3 === 0)
      .map(({ from, to }) => ({ start: iso(from), end: iso(to), reason: "no_data" })),
  };
}

function isIn(gaps: number[][] | undefined, ms: number): boolean | undefined {
  return gaps?.some(([start = 0, end = 0]) => start <= ms && ms < end);
}

describe("a comparison over a change of the clock", () => {
  const changes = [
    [ZONE, "2026-03-08T08:00Z"],
    [ZONE, "2026-11-01T07:00Z"],
    ["Australia/Lord_Howe", "2026-04-04T15:00Z"],
    ["Australia/Lord_Howe", "2026-10-03T15:30Z"],
  ] as const;
  const cases = changes.flatMap(([zone, change]) => [1, -7].map((days) => [zone, change, days] as const));

  test.each(cases)("has each bucket at its local time: %s %s %d", (zone, change, days) => {
    for (const bucket of ["15m", "1h", "1d"] as const)
      for (const isAxis of [true, false]) {
        // The change is on the day of the axis, or on that of the other range.
        const middle = isAxis ? at(change) - days * DAY : at(change);
        const whole = {
          from: bucketOf(middle - DAY, "1d", zone).from,
          to: bucketOf(middle + HOUR, "1d", zone).to,
        };
        const source = seriesOf(whole, bucket, zone);
        const moved = shifted(source, laterBy(days, zone));
        const gaps = [source, moved].map((one) => one.gaps.map(({ start, end }) => [at(start), at(end)]));
        const [starts, ends] = [moved.timestamps, moved.ends ?? []];
        starts.forEach((start, row) => {
          expect(start).toBeLessThan(ends[row] as number);
          expect(start).toBeGreaterThanOrEqual(ends[row - 1] ?? 0);
        });
        for (const column of ["count", "first", "last", "at_least", "at_most", "known"] as const)
          expect(moved[column]).toEqual(moved.values);
        expect(moved.partial?.map((row) => moved.values[row])).toEqual(
          moved.values.filter((value) => value % 3 === 0),
        );
        for (
          let time = whole.from + days * DAY + 2 * HOUR;
          time < whole.to + days * DAY - 2 * HOUR;
          time += 15 * MINUTE
        ) {
          const wall = wallClock(time, zone);
          const original = instantOf(wall - days * DAY, zone);
          // The other range skips this local time.
          if (wallClock(original, zone) !== wall - days * DAY) continue;
          const isRepeated = instantOf(wall, zone) < time;
          const row = starts.findIndex((start, index) => start <= time && time < (ends[index] as number));
          const expected = source.timestamps.findLastIndex((start) => start <= original);
          if (!isRepeated || bucket === "1d") expect(moved.values[row]).toBe(expected);
          else expect(row).toBe(-1);
          // A gap in one of two equal hours is in the first.
          if (isRepeated) continue;
          expect(isIn(gaps[1], time)).toBe(isIn(gaps[0], original));
        }
      }
  });

  test("leaves out the hour that does not exist", () => {
    const source = seriesOf({ from: at("2026-03-07T06:00Z"), to: at("2026-03-08T06:00Z") }, "1h", ZONE);
    const moved = shifted(source, laterBy(1, ZONE));
    expect(moved.values).toEqual(source.values.filter((hour) => hour !== 2));
    expect([moved.timestamps[1], moved.ends?.[1], moved.timestamps[2]]).toEqual(
      ["2026-03-08T07:00Z", "2026-03-08T08:00Z", "2026-03-08T08:00Z"].map(at),
    );
  });
});

describe("a comparison of weeks and months", () => {
  const meets = (versus: string, bucket: Bucket, span: Span, zone: string) => {
    const distance = distanceOf(versus, bucket, span, zone);
    const other = earlierBuckets(span, bucket, distance, zone);
    if (!other) return undefined;
    const unit = bucket === "1w" ? "week" : "month";
    const moved = shifted(seriesOf(other, bucket, zone), laterByUnits(distance.units ?? 0, unit, zone));
    return { other, moved, own: seriesOf(span, bucket, zone) };
  };
  const months = { from: at("2026-01-01T06:00Z"), to: at("2026-11-27T13:20Z") };

  test("is of the same buckets", () => {
    for (const zone of [ZONE, "Australia/Lord_Howe"])
      for (const bucket of ["1w", "1mo"] as const)
        for (const versus of ["364d", "2025-02-13", "2027-01-31"])
          for (let from = at("2024-01-05T07:10Z"); from < at("2027-01-01T00:00Z"); from += 307 * DAY) {
            const span = { from, to: from + 70 * DAY };
            const met = meets(versus, bucket, span, zone);
            const note = `${zone} ${bucket} ${versus} ${new Date(from).toISOString()}`;
            expect(met, note).toBeDefined();
            expect(met?.moved.timestamps, note).toEqual(
              met?.own.timestamps.map((start) => bucketOf(start, bucket, zone).from),
            );
            expect(met?.moved.ends, note).toEqual(met?.own.ends);
          }
  });

  test("is a month with the same month last year", () => {
    const lastDay = { from: at("2026-10-31T05:00Z"), to: at("2026-11-01T05:00Z") };
    expect(meets("364d", "1mo", lastDay, ZONE)?.other).toEqual({
      from: at("2025-10-01T05:00Z"),
      to: at("2025-11-01T05:00Z"),
    });
    expect(meets("364d", "1mo", months, ZONE)?.other).toEqual({
      from: at("2025-01-01T06:00Z"),
      to: at("2025-12-01T06:00Z"),
    });
  });

  test("is a week with the week of a date", () => {
    const week = { from: at("2026-11-23T06:00Z"), to: at("2026-11-27T13:20Z") };
    expect(meets("2026-11-06", "1w", week, ZONE)?.other).toEqual({
      from: at("2026-11-02T06:00Z"),
      to: at("2026-11-09T06:00Z"),
    });
  });

  test("is named by the buckets that it moves by", () => {
    const title = (versus: string, bucket: Bucket, span = months) => versusTitle(versus, bucket, span, ZONE);
    expect(["364d", "30d", "45d", "20w"].map((versus) => title(versus, "1mo"))).toEqual([
      ...["a year earlier", "a month earlier", "a month earlier", "5 months earlier"],
    ]);
    expect(["10d", "1w", "364d"].map((versus) => title(versus, "1w"))).toEqual([
      ...["a week earlier", "a week earlier", "52 weeks earlier"],
    ]);
    expect(title("10d", "1d")).toBe("10 days earlier");
    const november = { from: at("2026-11-01T05:00Z"), to: at("2026-12-01T06:00Z") };
    expect(title("2025-10-20", "1mo", november)).toBe("the month of 2025-10-20");
    expect(title("2025-10-20", "1mo")).toBe("from the month of 2025-10-20");
  });

  test("says why nothing is compared", () => {
    expect(versusNote("3d", "1w", months, ZONE)).toMatch(/^Buckets of a week are not compared/);
    expect(versusNote("2026-01-20", "1mo", months, ZONE)).toMatch(/^Buckets of a month are not compared/);
    for (const [versus, bucket] of [
      ["3d", "1d"],
      ["10d", "1w"],
      [undefined, "1w"],
      ["1w", undefined],
    ] as const)
      expect(versusNote(versus, bucket, months, ZONE)).toBeUndefined();
  });

  test("is none with the same buckets", () => {
    expect(meets("1w", "1mo", months, ZONE)).toBeUndefined();
    expect(meets("3d", "1w", months, ZONE)).toBeUndefined();
    expect(meets("2026-01-20", "1mo", months, ZONE)).toBeUndefined();
  });
});
