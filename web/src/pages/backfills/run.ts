// What a run's numbers come to.

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

/** How a run is, in a word or two. */
export function stateOf(run: Backfill): string {
  if (run.status === "running") return run.cancel_requested ? "cancelling" : "running";
  return run.status === "partial" ? "some days failed" : run.status;
}

/** Seconds that a run took, or has taken by now. */
export function secondsOf(run: Backfill, nowMs: number): number {
  return ((run.ended_at === null ? nowMs : Date.parse(run.ended_at)) - Date.parse(run.started_at)) / 1000;
}

/** Days of the run that came to an end, whatever it was. */
export function daysEnded(run: Backfill): number {
  return run.days_done + run.days_empty + run.days_failed + run.days_cancelled;
}

/** Days whose data another run could still get. */
export function missed(days: readonly BackfillDay[]): BackfillDay[] {
  return days.filter((day) => day.status === "failed" || day.status === "cancelled");
}

/** The parameters of a form that reads the missed days of a run again; undefined when there are none. */
export function retryRange(run: Backfill): Record<string, string> | undefined {
  const days = missed(run.days ?? []);
  const [first, last] = [days[0], days.at(-1)];
  if (run.status === "running" || !first || !last) return undefined;
  return rangeOf(first.date, last.date, run.force);
}

export function rangeOf(start: string, end: string, force: boolean): Record<string, string> {
  return { start, end, ...(force && { force: "yes" }) };
}

/** Up to so many days are listed at once; of more, a month. */
const LISTED = 62;

/** The days to list: all, or those of the month of `date`. */
export function listedDays(days: readonly BackfillDay[], date: string): readonly BackfillDay[] {
  return days.length <= LISTED ? days : days.filter((day) => monthOf(day.date) === monthOf(date));
}

/** The day to look at unless somebody chooses: one at work, one that failed, or the last. */
export function dayOfInterest(days: readonly BackfillDay[]): string | undefined {
  const active = days.find((day) => day.status === "reading") ?? days.find((day) => day.status === "failed");
  return (active ?? days.at(-1))?.date;
}
