import { expect, test, vi } from "vitest";
import readings from "../../layers/common/python/vitals/readings.py?raw";
import type { SiteStatus } from "../src/api/types";
import {
  isLate,
  isPaused,
  overdue,
  problems,
  reasonOf,
  rejectedOf,
  rejectedTotal,
} from "../src/pages/status/health";

const NOW = Date.parse("2026-11-23T18:00:00Z");

function site(changes: Partial<SiteStatus> = {}): SiteStatus {
  return {
    site_name: "ses_falls_city",
    display_name: "Ses Falls City",
    points: 57,
    synced_until: "2026-11-23T17:58:00Z",
    lag_seconds: 120,
    rejected: {},
    rejected_since: null,
    rejected_until: null,
    unarchived_days: [],
    unarchived_count: 0,
    upstream_paused_until: null,
    ...changes,
  };
}

test("rejected readings are told most first, and only reasons that occurred", () => {
  const rejecting = site({ rejected: { null: 3, malformed: 0, bad_time: 10 } });
  expect(rejectedOf(rejecting)).toEqual([
    ["bad_time", 10],
    ["null", 3],
  ]);
  expect(rejectedTotal(rejecting)).toBe(13);
});

test("every reason to reject a reading has words", () => {
  const constants = new Map(
    [...readings.matchAll(/^([A-Z_]+) = "(\w+)"$/gm)].map(([, name, text]) => [name, text]),
  );
  const listed = /^REASONS = \(([^)]*)\)/m.exec(readings)?.[1]?.match(/[A-Z_]+/g) ?? [];
  expect(listed.length).toBeGreaterThan(7);
  for (const name of listed) {
    const reason = constants.get(name) ?? "";
    expect(reasonOf(reason)).not.toBe(reason);
  }
  expect(reasonOf("bad_time")).toContain("before 1990");
});

test("a site is late after 20 minutes, and when it was never synced", () => {
  expect([1200, 1201, null].map((lag_seconds) => isLate(site({ lag_seconds })))).toEqual([false, true, true]);
});

test("a pause is over when its time is", () => {
  const until = (upstream_paused_until: string | null) => isPaused(site({ upstream_paused_until }), NOW);
  expect([until(null), until("2026-11-23T18:00:00Z"), until("2026-11-23T18:00:01Z")]).toEqual([
    false,
    false,
    true,
  ]);
});

test("a day is overdue for the archive two days after its end", () => {
  const unarchived_days = ["2026-11-19", "2026-11-20", "2026-11-21"];
  expect(overdue(site({ unarchived_days }), NOW)).toBe(2);
  expect(overdue(site({ unarchived_days }), Date.parse("2026-11-23T00:00:00Z"))).toBe(1);
});

test("what somebody should look at is said by name, and nothing of what is well", () => {
  vi.stubEnv("TZ", "UTC");
  expect(
    problems({ sites: [site()], dead_letters: { sync: 0, archive: 0, export: 0 }, warnings: [] }, NOW),
  ).toEqual([]);
  expect(problems({ sites: [site()], dead_letters: null, warnings: [] }, NOW)).toEqual([]);
  const bad = site({
    lag_seconds: 7200,
    unarchived_days: ["2026-01-01"],
    upstream_paused_until: "2026-11-23T18:05:00Z",
  });
  const never = site({ display_name: "", lag_seconds: null, synced_until: null });
  const unread = site({ unarchived_count: null });
  const status = {
    sites: [bad, never, unread],
    dead_letters: { sync: 1, archive: null, export: 2 },
    warnings: ["the dead letters of archive could not be read", "Ä"],
  };
  expect(problems(status, NOW)).toEqual([
    "Ses Falls City: the upstream is left alone until 23 Nov 2026, 18:05",
    "Ses Falls City is 2 h behind",
    "Ses Falls City: 1 day overdue for the archive",
    "ses_falls_city was never synced",
    "1 dead letter of the sync",
    "2 dead letters of exports",
    "The dead letters of archive could not be read",
    "Ä",
  ]);
  vi.unstubAllEnvs();
});
