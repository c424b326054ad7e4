import { describe, expect, test } from "vitest";
import { fittingLabels, timeTicks } from "../src/pages/explore/plot/time-ticks";
import { DAY, HOUR, MINUTE } from "../src/pages/explore/range/range";
import { instantOf, supportedZone, wallClock } from "../src/ui/zone";
import { doubles, wholes } from "./doubles";

const CHICAGO = "America/Chicago";
const at = (text: string) => Date.parse(text);
const wall = (text: string) => Date.parse(`${text}Z`);
const iso = (times: number[]) => times.map((ms) => `${new Date(ms).toISOString().slice(0, 16)}Z`);

test("zones that the browser lacks become UTC", () => {
  expect(supportedZone(CHICAGO)).toBe(CHICAGO);
  expect(supportedZone("Mars/Olympus_Mons")).toBe("UTC");
});

describe("wall clocks", () => {
  test("follow the offset in force", () => {
    expect(wallClock(at("2026-03-08T07:59Z"), CHICAGO)).toBe(wall("2026-03-08T01:59"));
    expect(wallClock(at("2026-03-08T08:00Z"), CHICAGO)).toBe(wall("2026-03-08T03:00"));
    expect(wallClock(0, "UTC")).toBe(0);
    expect(wallClock(0, "Asia/Kolkata")).toBe(5.5 * HOUR);
    // Local mean time has seconds; the year has less than three digits.
    expect(wallClock(at("0050-01-01T00:00Z"), CHICAGO)).toBe(at("0050-01-01T00:00Z") - 21_036_000);
  });

  test("are the first of two equal times", () => {
    expect(instantOf(wall("2026-11-01T01:30"), CHICAGO)).toBe(at("2026-11-01T06:30Z"));
    expect(instantOf(wall("2026-04-05T01:45"), "Australia/Lord_Howe")).toBe(at("2026-04-04T14:45Z"));
  });

  test("that are skipped follow the skip", () => {
    expect(instantOf(wall("2026-03-08T02:00"), CHICAGO)).toBe(at("2026-03-08T08:00Z"));
    expect(instantOf(wall("2026-03-08T02:30"), CHICAGO)).toBe(at("2026-03-08T08:30Z"));
    expect(instantOf(wall("2011-12-30T00:00"), "Pacific/Apia")).toBe(at("2011-12-30T10:00Z"));
    expect(instantOf(wall("2018-11-04T00:00"), "America/Sao_Paulo")).toBe(at("2018-11-04T03:00Z"));
  });

  test("and times convert to each other", () => {
    const next = doubles(7);
    for (const zone of [CHICAGO, "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"])
      for (let round = 0; round < 300; round++) {
        const ms = at("1990-01-01") + Math.floor(Math.abs(next()) % (40 * 365 * DAY));
        const instant = instantOf(wallClock(ms, zone), zone);
        expect(wallClock(instant, zone), `${zone} ${ms}`).toBe(wallClock(ms, zone));
        expect(instant, `${zone} ${ms}`).toBeLessThanOrEqual(ms);
      }
  });
});

describe("ticks of the time axis", () => {
  test("repeat and skip hours with the clock", () => {
    const autumn = timeTicks(at("2026-11-01T05:40Z"), at("2026-11-01T08:10Z"), HOUR, CHICAGO);
    expect(iso(autumn)).toEqual(["2026-11-01T06:00Z", "2026-11-01T07:00Z", "2026-11-01T08:00Z"]);
    const spring = timeTicks(at("2026-03-08T05:00Z"), at("2026-03-08T12:00Z"), 2 * HOUR, CHICAGO);
    expect(iso(spring)).toEqual([
      "2026-03-08T06:00Z",
      "2026-03-08T08:00Z",
      "2026-03-08T09:00Z",
      "2026-03-08T11:00Z",
    ]);
  });

  test("are local midnights and months", () => {
    const days = timeTicks(at("2026-10-31T00:00Z"), at("2026-11-03T00:00Z"), DAY, CHICAGO);
    expect(iso(days)).toEqual(["2026-10-31T05:00Z", "2026-11-01T05:00Z", "2026-11-02T06:00Z"]);
    const months = timeTicks(at("2026-01-02"), at("2026-12-31"), 90 * DAY, "Asia/Kolkata");
    expect(iso(months)).toEqual(["2026-03-31T18:30Z", "2026-06-30T18:30Z", "2026-09-30T18:30Z"]);
    const years = timeTicks(at("2024-06-01"), at("2026-06-01"), 365 * DAY, "UTC");
    expect(iso(years)).toEqual(["2025-01-01T00:00Z", "2026-01-01T00:00Z"]);
  });

  test("ascend within the span", () => {
    const steps = [
      MINUTE,
      30 * MINUTE,
      HOUR,
      2 * HOUR,
      6 * HOUR,
      DAY,
      2 * DAY,
      15 * DAY,
      30 * DAY,
      180 * DAY,
    ];
    const starts = ["2011-12-29T12:07:31Z", "2018-11-03T20:00Z", "2026-03-31T23:59:59Z", "2026-04-04T12:00Z"];
    for (const zone of ["UTC", CHICAGO, "Pacific/Apia", "Australia/Lord_Howe", "America/Sao_Paulo"])
      for (const step of steps)
        for (const start of starts) {
          const [from, to] = [at(start), at(start) + 12 * step];
          const ticks = timeTicks(from, to, step, zone);
          const note = `${zone} ${step} ${start}`;
          expect(ticks.length, note).toBeGreaterThanOrEqual(11);
          for (const [index, tick] of ticks.entries()) {
            expect(tick, note).toBeGreaterThan(ticks[index - 1] ?? from - 1);
            if (step <= HOUR) expect(wallClock(tick, zone) % step, note).toBe(0);
          }
          expect(ticks.at(-1), note).toBeLessThanOrEqual(to);
        }
  });
});

test("labels of times lose the lines that the edges of the chart would cut, and no others", () => {
  const draw = wholes(3);
  const widthOf = (line: string) => 7 * line.length;
  for (let round = 0; round < 500; round++) {
    const width = 100 + draw(300);
    const middles = Array.from({ length: draw(6) }, () => draw(width));
    const labels = middles.map(() => ["12:00", "00:00\n31 Dec", "Jan\n2026"][draw(3)] as string);
    fittingLabels(labels, middles, widthOf, width).forEach((text, index) => {
      const middle = middles[index] as number;
      const lines = (labels[index] as string).split("\n");
      const fits = (line: string) => middle - widthOf(line) / 2 >= 0 && middle + widthOf(line) / 2 <= width;
      expect(text.split("\n").filter(Boolean)).toEqual(lines.filter(fits));
    });
  }
});
