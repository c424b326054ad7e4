// Problems and texts of the status.

import type { SiteStatus, Status } from "../../api/types";
import { counted, duration, time } from "../../ui/format";

const REASONS = new Map(
  Object.entries({
    null: "the value is null",
    not_a_number: "the value is not a number",
    state: "the value names a state without a number",
    not_configured: "the point is not in the site's point list",
    name_too_long: "the point name has more than 512 characters",
    bad_time: "the time is invalid or before 1990",
    in_the_future: "the time is more than 5 minutes in the future",
    malformed: "name, value or time is missing",
    too_dense: "the block of this point cannot store more samples",
  }),
);

/** Returns the text of a rejection reason, or the reason itself when it has no text. */
export function reasonOf(reason: string): string {
  return REASONS.get(reason) ?? reason;
}

/** Returns the rejected readings by reason, largest count first, without zeros. */
export function rejectedOf(site: SiteStatus): [string, number][] {
  return Object.entries(site.rejected)
    .filter(([, count]) => count > 0)
    .sort(([, first], [, second]) => second - first);
}

export function rejectedTotal(site: SiteStatus): number {
  return rejectedOf(site).reduce((sum, [, count]) => sum + count, 0);
}

/** Whether requests to the upstream are paused at a time (ms). */
export function isPaused(site: SiteStatus, nowMs: number): boolean {
  return site.upstream_paused_until !== null && Date.parse(site.upstream_paused_until) > nowMs;
}

export type DeadLetterQueue = keyof NonNullable<Status["dead_letters"]>;

/** The queue of each kind of dead letter, and what a dead letter means. */
export const DEAD_LETTER_QUEUES: Record<DeadLetterQueue, { queue: string; means: string }> = {
  sync: {
    queue: "SyncDeadLetters",
    means: "A sync failed five times. A later sync usually covers its range.",
  },
  archive: { queue: "ArchiveDeadLetters", means: "Archiving a day failed five times." },
  export: { queue: "ExportDeadLetters", means: "An export failed five times. Its error says why." },
};

/** Returns the problems of all sites and queues, one line each. */
export function problems(status: Status, nowMs: number): string[] {
  return [
    ...status.sites.flatMap((site) => siteProblems(site, nowMs)),
    ...Object.entries(status.dead_letters ?? {})
      .filter(([, count]) => count)
      .map(([name, count]) => `${counted(count ?? 0, "dead letter")} in the ${name} queue`),
    ...status.warnings.map((text) => text.replace(/^./u, (first) => first.toUpperCase())),
  ];
}

function siteProblems(site: SiteStatus, nowMs: number): string[] {
  const name = site.display_name || site.site_name;
  const { lag_seconds: lag, unarchived_count: count, upstream_paused_until: pausedUntil } = site;
  return [
    site.status === "enabled" &&
      isPaused(site, nowMs) &&
      `${name}: requests to the upstream are paused until ${time(pausedUntil ?? nowMs)}`,
    site.late && (lag === null ? `${name} was never synced` : `${name} is ${duration(lag)} behind`),
    site.overdue &&
      `${name}: the archive is overdue${count === null ? "" : `, ${counted(count, "day")} unarchived`}`,
  ].filter((problem) => problem !== false);
}
