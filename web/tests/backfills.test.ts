import { expect, test } from "vitest";
import type { Backfill, BackfillDay } from "../src/api/types";
import {
  dayOfInterest,
  daysEnded,
  listedDays,
  retryRange,
  secondsOf,
  stateOf,
} from "../src/pages/backfills/run";

function days(...statuses: BackfillDay["status"][]): BackfillDay[] {
  const receipt = { samples: 0, rejected: 0, requests: 0, hours: 0, attempts: 1, seconds: 0, error: "" };
  return statuses.map((status, index) => ({
    date: new Date(Date.UTC(2026, 0, 1 + index)).toISOString().slice(0, 10),
    status,
    ...receipt,
  }));
}

function run(changes: Partial<Backfill>): Backfill {
  return {
    id: "r",
    site_name: "s",
    start_date: "2026-01-01",
    end_date: "2026-01-03",
    force: false,
    rebuild: false,
    status: "partial",
    requested_by: "",
    started_at: "2026-02-01T00:00:00Z",
    ended_at: "2026-02-01T00:02:00Z",
    cancel_requested: false,
    progress_percent: 100,
    days_total: 3,
    days_complete: 0,
    days_done: 1,
    days_empty: 1,
    days_failed: 1,
    days_cancelled: 0,
    samples: 0,
    requests: 0,
    samples_per_second: 0,
    estimated_end: null,
    error: "",
    ...changes,
  };
}

test("retry range covers failed and cancelled days", () => {
  const statuses = days("done", "failed", "empty", "cancelled", "done");
  expect(retryRange(run({ days: statuses }))).toEqual({ start: "2026-01-02", end: "2026-01-04" });
  expect(retryRange(run({ days: statuses, force: true }))?.force).toBe("yes");
  expect(retryRange(run({ days: statuses, status: "running" }))).toBe(undefined);
  expect(retryRange(run({ days: days("done", "empty") }))).toBe(undefined);
  expect(retryRange(run({ days: statuses, rebuild: true }))).toBe(undefined);
});

test("a run has duration, ended days and status", () => {
  const going = run({ status: "running", ended_at: null });
  expect(secondsOf(run({}), 0)).toBe(120);
  expect(secondsOf(going, Date.UTC(2026, 1, 1, 0, 0, 30))).toBe(30);
  expect(daysEnded(run({}))).toBe(3);
  expect([run({}), going, { ...going, cancel_requested: true }].map(stateOf)).toEqual([
    "some days failed",
    "running",
    "cancelling",
  ]);
});

test("long runs list one month", () => {
  const long = days(...Array(100).fill("done"));
  expect(listedDays(long, "2026-02-10").map((day) => day.date)).toEqual(
    long.slice(31, 59).map((day) => day.date),
  );
  expect(listedDays(long.slice(0, 62), "2026-02-10")).toHaveLength(62);
});

test("reading days come before failed and last days", () => {
  expect(dayOfInterest(days("done", "failed", "reading"))).toBe("2026-01-03");
  expect(dayOfInterest(days("done", "failed", "done"))).toBe("2026-01-02");
  expect(dayOfInterest(days("done", "done"))).toBe("2026-01-02");
  expect(dayOfInterest([])).toBe(undefined);
});
