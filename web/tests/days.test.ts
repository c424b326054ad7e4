import { expect, test } from "vitest";
import * as days from "../src/ui/days";

test("days and months cross month and year ends", () => {
  expect(days.addDays("2024-02-28", 1)).toBe("2024-02-29");
  expect(days.addDays("2026-01-01", -1)).toBe("2025-12-31");
  expect(days.addMonths("2026-11", -11)).toBe("2025-12");
  expect(days.addMonths("2026-12", 1)).toBe("2027-01");
  expect(days.lastDay("2024-02")).toBe("2024-02-29");
  expect(days.monthsBetween("2025-11", "2026-02")).toEqual(["2025-11", "2025-12", "2026-01", "2026-02"]);
  expect(days.monthsBetween("2026-02", "2026-01")).toEqual([]);
  expect(days.dayOf("2026-11-23T23:59:59Z")).toBe("2026-11-23");
});

test("invalid days and months are rejected", () => {
  for (const text of ["2026-02-30", "2026-13-01", "2026-1-1", "", "today"])
    expect(days.isDay(text)).toBe(false);
  expect(days.isDay("2024-02-29")).toBe(true);
  expect(days.isMonth("2026-11")).toBe(true);
  expect(days.isMonth("2026-00")).toBe(false);
});

test.each([
  ["2026-03-01", "ArrowLeft", "2026-02-28"],
  ["2026-02-28", "ArrowRight", "2026-03-01"],
  ["2026-03-31", "ArrowUp", "2026-02-28"],
  ["2026-01-31", "ArrowDown", "2026-02-28"],
  ["2026-02-14", "Home", "2026-02-01"],
  ["2026-02-14", "End", "2026-02-28"],
  ["2026-01-05", "ArrowUp", "2026-01-04"],
  ["2026-04-10", "End", "2026-04-20"],
])("from %s the key %s moves to %s", (date, key, to) =>
  expect(days.dayByKey(date, key, "2026-01-04", "2026-04-20")).toBe(to),
);

test("other keys do not move", () =>
  expect(days.dayByKey("2026-01-01", "a", "2026-01-01", "2026-01-31")).toBe(undefined));
