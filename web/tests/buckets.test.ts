import { expect, test } from "vitest";
import { bucketEnds, bucketOf, wholeBuckets } from "../src/pages/explore/measure/buckets";
import { BUCKETS, type Bucket } from "../src/pages/explore/measure/resolutions";
import { DAY, MINUTE } from "../src/pages/explore/range/range";
import { wallClock } from "../src/ui/zone";

const STEP = 5 * MINUTE;
/** Days around the changes of clocks: of an hour, of half an hour, and of an offset with a half hour. */
const CHANGES = [
  ["America/Chicago", "2026-03-08T08:00Z"],
  ["America/Chicago", "2026-11-01T07:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T15:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T15:30Z"],
  ["Australia/Adelaide", "2026-10-03T16:30Z"],
  ["Asia/Kolkata", "2026-10-03T16:30Z"],
] as const;

/** Returns the buckets by definition: times with the same offset and the same multiple on the wall clock. */
function defined(from: number, to: number, bucket: Bucket, zone: string): { from: number; to: number }[] {
  const buckets: { from: number; to: number; key: string }[] = [];
  for (let time = from; time < to; time += STEP) {
    const wall = wallClock(time, zone);
    const key = `${wall - time} ${Math.floor(wall / BUCKETS[bucket])}`;
    const last = buckets.at(-1);
    if (last?.key === key) last.to = time + STEP;
    else buckets.push({ from: time, to: time + STEP, key });
  }
  // The first and the last are cut by the range.
  return buckets.slice(1, -1);
}

test.each(CHANGES)("buckets are cut where the clock changes: %s %s", (zone, change) => {
  const [from, to] = [Date.parse(change) - DAY, Date.parse(change) + DAY];
  for (const bucket of ["5m", "15m", "1h"] as const) {
    const buckets = defined(from, to, bucket, zone);
    const starts = buckets.map((one) => one.from);
    expect(bucketEnds(starts, bucket, zone)).toEqual(buckets.map((one) => one.to));
    // Rows of which some are missing.
    const sparse = buckets.filter((_, row) => row % 5 === 0);
    const ends = bucketEnds(
      sparse.map((one) => one.from),
      bucket,
      zone,
    );
    expect(ends).toEqual(sparse.map((one) => one.to));
    for (const { from: start, to: end } of buckets)
      for (const time of [start, end - 1])
        expect(bucketOf(time, bucket, zone)).toEqual({ from: start, to: end });
  }
  expect(bucketEnds([], "1h", zone)).toEqual([]);
});

test("buckets contain their time and are next to each other", () => {
  for (const zone of ["UTC", "America/Chicago", "Asia/Kolkata", "Australia/Lord_Howe"])
    for (const bucket of Object.keys(BUCKETS) as Bucket[])
      for (let time = Date.UTC(2026, 0, 1); time < Date.UTC(2027, 0, 1); time += 31 * DAY + 7 * MINUTE) {
        const { from, to } = bucketOf(time, bucket, zone);
        expect(from).toBeLessThanOrEqual(time);
        expect(to).toBeGreaterThan(time);
        expect(bucketOf(to, bucket, zone).from).toBe(to);
        expect(bucketEnds([from], bucket, zone)).toEqual([to]);
        expect(wholeBuckets({ from: time, to }, bucket, zone)).toEqual({ from, to });
      }
});

test("an hour is a clock hour of its zone", () => {
  const { from } = bucketOf(Date.UTC(2026, 0, 1, 12, 10), "1h", "Asia/Kolkata");
  expect(from).toBe(Date.UTC(2026, 0, 1, 11, 30));
});

test("a span is widened to whole buckets", () => {
  const at = Date.parse;
  const span = { from: at("2026-04-04T14:20Z"), to: at("2026-04-04T15:10Z") };
  expect(wholeBuckets(span, "1h", "Australia/Lord_Howe")).toEqual({
    from: at("2026-04-04T14:00Z"),
    to: at("2026-04-04T15:30Z"),
  });
  expect(wholeBuckets(span, "1mo", "UTC")).toEqual({ from: at("2026-04-01"), to: at("2026-05-01") });
});
