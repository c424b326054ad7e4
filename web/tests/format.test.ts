import { expect, test, vi } from "vitest";
import * as format from "../src/ui/format";

test.each([
  [0, "0 s"],
  [-3, "0 s"],
  [59.4, "59 s"],
  [59.6, "1 min"],
  [61, "1 min 1 s"],
  [600, "10 min"],
  [754, "13 min"],
  [3585, "1 h"],
  [3900, "1 h 5 min"],
  [86_390, "1 d"],
  [273_600, "3 d 4 h"],
])("%d seconds are written as %s", (seconds, text) => expect(format.duration(seconds)).toBe(text));

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1 KB"],
  [1234, "1.2 KB"],
  [999_950, "1 MB"],
  [25_000_000, "25 MB"],
  [5e15, "5,000 TB"],
])("%d bytes are written as %s", (value, text) => expect(format.bytes(value)).toBe(text));

test.each([
  [0, 0, "–"],
  [0, 288, "0 %"],
  [1, 100_000, "0.1 %"],
  [287, 288, "99.7 %"],
  [99_999, 100_000, "99.9 %"],
  [288, 288, "100 %"],
])("%d of %d is written as %s", (count, whole, text) => expect(format.percent(count, whole)).toBe(text));

test.each([
  [0, "$0.00"],
  [0.0024, "$0.0024"],
  [0.0712, "$0.071"],
  [12.5, "$12.50"],
])("%d dollars are written as %s", (value, text) => expect(format.dollars(value)).toBe(text));

test("numbers have separators and nouns", () => {
  expect(format.number(1_384_875)).toBe("1,384,875");
  expect(format.number(2.345, 1)).toBe("2.3");
  expect(format.counted(1, "day")).toBe("1 day");
  expect(format.counted(1200, "day")).toBe("1,200 days");
  expect(format.counted(2, "entry", "entries")).toBe("2 entries");
});

test("age is relative to now", () => {
  expect(format.age(10_000, 10_400)).toBe("just now");
  expect(format.age(10_000, 22_000)).toBe("12 s ago");
});

test("times are in the browser's zone and days in UTC", () => {
  vi.stubEnv("TZ", "America/New_York");
  expect(format.time("2026-11-23T01:02:03Z")).toBe("22 Nov 2026, 20:02");
  expect(format.time(Date.UTC(2026, 10, 23, 1, 2, 3), { seconds: true })).toBe("22 Nov 2026, 20:02:03");
  expect(format.times("2026-11-23T18:00:00Z", "2026-11-23T18:05:00Z")).toBe("23 Nov 2026, 13:00–13:05");
  expect(format.zone("2026-11-23T01:02:03Z")).toBe("GMT-5");
  expect(format.day("2026-11-23")).toBe("Mon 23 Nov 2026");
  expect(format.month("2026-11")).toBe("Nov 2026");
  expect(format.days("2026-11-23", "2026-11-23")).toBe("23 Nov 2026");
  expect(format.days("2026-10-24", "2026-11-22")).toBe("24 Oct\u2009–\u200922 Nov 2026");
  vi.unstubAllEnvs();
});
