// What the numbers of the status mean, and what to do about them.

import type { SiteStatus, Status } from "../../api/types";
import { addDays, dayStart } from "../../ui/days";
import { counted, duration, time } from "../../ui/format";

/** Beyond that a site is late, as the alarm on it says. */
const LATE_S = 20 * 60;
/** A day that is not archived that long after its end is overdue, as the alarm on it says. */
const OVERDUE_MS = 48 * 3_600_000;

const REASONS = new Map(
  Object.entries({
    null: "no value was given",
    not_a_number: "the value is no number",
    not_configured: "the point is not in the site's list",
    name_too_long: "the point's name has more than 512 characters",
    bad_time: "the time can't be read, or is before 1990",
    in_the_future: "the time is more than 5 minutes ahead",
    malformed: "name, value or time is missing",
    too_dense: "the points nearby have more samples than can be stored",
  }),
);

/** Why readings are rejected, in words; a reason that is new to the page stands for itself. */
export function reasonOf(reason: string): string {
  return REASONS.get(reason) ?? reason;
}

/** Rejected readings by reason, most first; reasons that did not occur are left out. */
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

/** Whether the upstream is left alone at that time (ms). */
export function isPaused(site: SiteStatus, nowMs: number): boolean {
  return site.upstream_paused_until !== null && Date.parse(site.upstream_paused_until) > nowMs;
}

/** How many of the listed days should have been archived. */
export function overdue(site: SiteStatus, nowMs: number): number {
  return site.unarchived_days.filter((date) => nowMs - dayStart(addDays(date, 1)) > OVERDUE_MS).length;
}

export type DeadLetterQueue = keyof NonNullable<Status["dead_letters"]>;

/** Whose letters they are, what one of them means and what becomes of it. */
export const DEAD_LETTER_QUEUES: Record<DeadLetterQueue, { queue: string; means: string }> = {
  sync: { queue: "SyncDeadLetters", means: "A sync failed three times; a later one usually makes it good." },
  archive: { queue: "ArchiveDeadLetters", means: "A day could not be archived in three attempts." },
  export: { queue: "ExportDeadLetters", means: "An export failed three times; its error says why." },
};

/** What somebody should look at, in one line each; nothing when all is well. */
export function problems(status: Status, nowMs: number): string[] {
  const messages = status.sites.flatMap((site) => {
    const name = site.display_name || site.site_name;
    const problems: string[] = [];
    if (isPaused(site, nowMs))
      problems.push(`${name}: the upstream is left alone until ${time(site.upstream_paused_until ?? nowMs)}`);
    if (site.lag_seconds === null) problems.push(`${name} was never synced`);
    else if (isLate(site)) problems.push(`${name} is ${duration(site.lag_seconds)} behind`);
    const days = overdue(site, nowMs);
    if (days > 0) problems.push(`${name}: ${counted(days, "day")} overdue for the archive`);
    return problems;
  });
  for (const [name, count] of Object.entries(status.dead_letters ?? {}))
    if (count !== null && count > 0)
      messages.push(`${counted(count, "dead letter")} of ${name === "sync" ? "the sync" : `${name}s`}`);
  return [...messages, ...status.warnings.map((text) => text.replace(/^./u, (first) => first.toUpperCase()))];
}
