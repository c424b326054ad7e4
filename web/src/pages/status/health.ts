// Problems and texts of the status.

import type { SiteStatus, Status } from "../../api/types";
import { addDays, dayStart } from "../../ui/days";
import { counted, duration, time } from "../../ui/format";

/** Beyond that a site is late, as the alarm on it says. */
const LATE_S = 20 * 60;
/** A day that is not archived that long after its end is overdue, as the alarm on it says. */
const OVERDUE_MS = 48 * 3_600_000;

const REASONS = new Map(
  Object.entries({
    null: "the value is null",
    not_a_number: "the value is not a number",
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

export function isLate(site: SiteStatus): boolean {
  return site.lag_seconds === null || site.lag_seconds > LATE_S;
}

/** Whether requests to the upstream are paused at a time (ms). */
export function isPaused(site: SiteStatus, nowMs: number): boolean {
  return site.upstream_paused_until !== null && Date.parse(site.upstream_paused_until) > nowMs;
}

/** How many of the listed days should have been archived. */
export function overdue(site: SiteStatus, nowMs: number): number {
  return site.unarchived_days.filter((date) => nowMs - dayStart(addDays(date, 1)) > OVERDUE_MS).length;
}

export type DeadLetterQueue = keyof NonNullable<Status["dead_letters"]>;

/** The queue of each kind of dead letter, and what a dead letter means. */
export const DEAD_LETTER_QUEUES: Record<DeadLetterQueue, { queue: string; means: string }> = {
  sync: {
    queue: "SyncDeadLetters",
    means: "A sync failed three times. A later sync usually covers its range.",
  },
  archive: { queue: "ArchiveDeadLetters", means: "Archiving a day failed three times." },
  export: { queue: "ExportDeadLetters", means: "An export failed three times. Its error says why." },
};

/** Returns the problems of all sites and queues, one line each. */
export function problems(status: Status, nowMs: number): string[] {
  const messages = status.sites.flatMap((site) => {
    const name = site.display_name || site.site_name;
    const problems: string[] = [];
    if (isPaused(site, nowMs))
      problems.push(
        `${name}: requests to the upstream are paused until ${time(site.upstream_paused_until ?? nowMs)}`,
      );
    if (site.lag_seconds === null) problems.push(`${name} was never synced`);
    else if (isLate(site)) problems.push(`${name} is ${duration(site.lag_seconds)} behind`);
    const days = overdue(site, nowMs);
    if (days > 0) problems.push(`${name}: ${counted(days, "day")} overdue for the archive`);
    return problems;
  });
  for (const [name, count] of Object.entries(status.dead_letters ?? {}))
    if (count !== null && count > 0) messages.push(`${counted(count, "dead letter")} in the ${name} queue`);
  return [...messages, ...status.warnings.map((text) => text.replace(/^./u, (first) => first.toUpperCase()))];
}
