import { expect, test, vi } from "vitest";
import type { SiteStatus } from "../src/api/types";
import { isPaused, problems, reasonOf, rejectedOf, rejectedTotal } from "../src/pages/status/health";

/** The Python modules of the layer, one of which lists the rejection reasons. */
const MODULES = import.meta.glob<string>("../../layers/common/python/vitals/**/*.py", {
  query: "?raw",
  import: "default",
  eager: true,
});
const READINGS = Object.values(MODULES).find((source) => /^REASONS = \(/m.test(source)) ?? "";

const NOW = Date.parse("2026-11-23T18:00:00Z");

const NO_WARNINGS = { warnings: [], warning_details: [] };

function site(changes: Partial<SiteStatus> = {}): SiteStatus {
  return {
    site_name: "ses_falls_city",
    display_name: "Ses Falls City",
    status: "enabled",
    timezone: "UTC",
    units: "source",
    holidays: [],
    points: 57,
    synced_from: "2026-11-01T00:00:00Z",
    synced_until: "2026-11-23T17:58:00Z",
    lag_seconds: 120,
    late: false,
    overdue: false,
    rejected: {},
    rejected_since: null,
    rejected_until: null,
    unarchived_days: [],
    unarchived_count: 0,
    days_to_rebuild: 0,
    upstream_paused_until: null,
    ...changes,
  };
}

test("rejection reasons are sorted and without zeros", () => {
  const rejecting = site({ rejected: { null: 3, malformed: 0, bad_time: 10 } });
  expect(rejectedOf(rejecting)).toEqual([
    ["bad_time", 10],
    ["null", 3],
  ]);
  expect(rejectedTotal(rejecting)).toBe(13);
});

test("every rejection reason has a text", () => {
  const constants = new Map(
    [...READINGS.matchAll(/^([A-Z_]+) = "(\w+)"$/gm)].map(([, name, text]) => [name, text]),
  );
  const listed = /^REASONS = \(([^)]*)\)/m.exec(READINGS)?.[1]?.match(/[A-Z_]+/g) ?? [];
  expect(listed.length).toBeGreaterThan(7);
  for (const name of listed) {
    const reason = constants.get(name) ?? "";
    expect(reasonOf(reason)).not.toBe(reason);
  }
  expect(reasonOf("bad_time")).toContain("before 1990");
});

test("a pause ends at its time", () => {
  const until = (upstream_paused_until: string | null) => isPaused(site({ upstream_paused_until }), NOW);
  expect([until(null), until("2026-11-23T18:00:00Z"), until("2026-11-23T18:00:01Z")]).toEqual([
    false,
    false,
    true,
  ]);
});

test("only the server decides what is late or overdue", () => {
  const slow = site({ lag_seconds: 999_999, unarchived_days: ["2020-01-01"], unarchived_count: 1 });
  expect(problems({ sites: [slow], dead_letters: null, ...NO_WARNINGS }, NOW)).toEqual([]);
});

test("problems name their site or queue", () => {
  vi.stubEnv("TZ", "UTC");
  const dead_letters = { sync: 0, archive: 0, export: 0 };
  expect(problems({ sites: [site()], dead_letters, ...NO_WARNINGS }, NOW)).toEqual([]);
  expect(problems({ sites: [site()], dead_letters: null, ...NO_WARNINGS }, NOW)).toEqual([]);
  const bad = site({
    lag_seconds: 7200,
    late: true,
    overdue: true,
    unarchived_days: ["2026-01-01"],
    unarchived_count: 1234,
    upstream_paused_until: "2026-11-23T18:05:00Z",
  });
  const never = site({ display_name: "", lag_seconds: null, late: true, synced_until: null });
  const unread = site({ display_name: "Unread", overdue: true, unarchived_count: null });
  const status = {
    sites: [bad, never, unread],
    dead_letters: { sync: 1, archive: null, export: 2 },
    warnings: ["The dead letters of archive could not be read. Try again in a few seconds.", "Ä"],
    warning_details: [],
  };
  expect(problems(status, NOW)).toEqual([
    "Ses Falls City: requests to the upstream are paused until 23 Nov 2026, 18:05",
    "Ses Falls City is 2 h behind",
    "Ses Falls City: the archive is overdue, 1,234 days unarchived",
    "ses_falls_city was never synced",
    "Unread: the archive is overdue",
    "1 dead letter in the sync queue",
    "2 dead letters in the export queue",
    "The dead letters of archive could not be read. Try again in a few seconds.",
    "Ä",
  ]);
  vi.unstubAllEnvs();
});
