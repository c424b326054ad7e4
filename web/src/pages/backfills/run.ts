// Derived values of a run.

import type { Backfill, BackfillDay } from "../../api/types";
import { monthOf } from "../../ui/days";
import type { Tone } from "../../ui/status-word";

const TONES = new Map<string, Tone>(
  Object.entries({
    running: "busy",
    reading: "busy",
    succeeded: "good",
    done: "good",
    empty: "quiet",
    waiting: "quiet",
    cancelled: "quiet",
    partial: "warn",
    failed: "bad",
  } as const),
);

export function toneOf(status: string): Tone {
  return TONES.get(status) ?? "quiet";
}

/** Returns the status of a run as text. */
export function stateOf(run: Backfill): string {
  if (run.status === "running") return run.cancel_requested ? "cancelling" : "running";
  return run.status === "partial" ? "some days failed" : run.status;
}

/** Returns the duration of a run in seconds, until now while it is running. */
export function secondsOf(run: Backfill, nowMs: number): number {
  return ((run.ended_at === null ? nowMs : Date.parse(run.ended_at)) - Date.parse(run.started_at)) / 1000;
}

/** Returns the number of days that have ended, with any result. */
export function daysEnded(run: Backfill): number {
  return run.days_done + run.days_empty + run.days_failed + run.days_cancelled;
}

/** Returns the days that another run can still read. */
export function missed(days: readonly BackfillDay[]): BackfillDay[] {
  return days.filter((day) => day.status === "failed" || day.status === "cancelled");
}

/** Returns the form parameters for a run over the missed days; undefined when no day was missed to read. */
export function retryRange(run: Backfill): Record<string, string> | undefined {
  const days = missed(run.days ?? []);
  const [first, last] = [days[0], days.at(-1)];
  if (run.status === "running" || run.rebuild || !first || !last) return undefined;
  return rangeOf(first.date, last.date, run.force);
}

export function rangeOf(start: string, end: string, force: boolean): Record<string, string> {
  return { start, end, ...(force && { force: "yes" }) };
}

/** Longer runs list one month at a time. */
const LISTED = 62;

/** Returns the days to list: all days, or the days in the month of `date`. */
export function listedDays(days: readonly BackfillDay[], date: string): readonly BackfillDay[] {
  return days.length <= LISTED ? days : days.filter((day) => monthOf(day.date) === monthOf(date));
}

/** Returns the day to select first: a day being read, a failed day, or the last day. */
export function dayOfInterest(days: readonly BackfillDay[]): string | undefined {
  const active = days.find((day) => day.status === "reading") ?? days.find((day) => day.status === "failed");
  return (active ?? days.at(-1))?.date;
}
