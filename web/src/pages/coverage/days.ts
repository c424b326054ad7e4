// What the ledger's numbers of a day come to.

import type { CoverageDay } from "../../api/types";
import {
  addDays,
  addMonths,
  dayOf,
  dayStart,
  EARLIEST,
  isDay,
  isMonth,
  monthOf,
  monthsBetween,
} from "../../ui/days";

const WINDOW_MS = 300_000;

/**
 * `before`: nothing was stored until later. `later`: the sync has not come there. `missing`: nothing is there
 * and windows were never polled. `empty`: polled, and nothing came. `partial` and `full`: windows with data.
 */
export type State = "before" | "later" | "missing" | "empty" | "partial" | "full";

export type Day = CoverageDay & {
  state: State;
  /** Windows that the sync has passed. */
  due: number;
  /** Some of them were never polled. */
  hole: boolean;
  /** Over and stored, and the archive does not hold all of it yet. */
  unarchived: boolean;
};

/** The days in order; `syncedFrom` and `syncedUntil` are those of the site's sync, null before its first. */
export function classifyDays(
  days: readonly CoverageDay[],
  syncedFrom: string | null,
  syncedUntil: string | null,
): Day[] {
  const first = firstStored(days, syncedFrom);
  const until = syncedUntil === null ? 0 : Date.parse(syncedUntil);
  return days.map((day) => {
    const due = Math.max(
      0,
      Math.min(day.windows_expected, Math.floor((until - dayStart(day.date)) / WINDOW_MS)),
    );
    const before = first === undefined || day.date < first;
    const hole = !before && day.windows_polled < due;
    const over = until >= dayStart(addDays(day.date, 1));
    return {
      ...day,
      due,
      hole,
      state: before ? "before" : stateOf(day, due, hole),
      unarchived: over && day.samples > 0 && !day.settled,
    };
  });
}

function stateOf(day: CoverageDay, due: number, hole: boolean): State {
  if (day.windows_with_data === 0) {
    if (hole) return "missing";
    return due === 0 ? "later" : "empty";
  }
  return day.windows_with_data < due ? "partial" : "full";
}

function firstStored(days: readonly CoverageDay[], syncedFrom: string | null): string | undefined {
  const stored = days.find((day) => day.windows_polled > 0 || day.samples > 0 || day.archive !== "")?.date;
  const synced = syncedFrom === null ? undefined : dayOf(syncedFrom);
  return stored !== undefined && (synced === undefined || stored < synced) ? stored : synced;
}

/** How much of a day has data, from 1 (under half) to 4 (all of it). */
export function level(day: Day): number {
  const share = day.windows_with_data / Math.max(1, day.due);
  if (day.state === "full") return 4;
  return share >= 0.9 ? 3 : share >= 0.5 ? 2 : 1;
}

/** First and last day of the run that a backfill of this day should read: holes, or all before the first. */
export function backfillRange(days: readonly Day[], date: string): [string, string] | undefined {
  const index = days.findIndex((day) => day.date === date);
  const day = days[index];
  if (!day || !(day.hole || day.state === "before")) return undefined;
  const alike = (neighbour: number) =>
    day.hole ? days[neighbour]?.hole : days[neighbour]?.state === "before";
  let [from, to] = [index, index];
  while (day.hole && alike(from - 1)) from -= 1;
  while (alike(to + 1)) to += 1;
  return [days[from]?.date ?? date, days[to]?.date ?? date];
}

/** The last of the first twelve months in which anything can be stored. */
export const FIRST_YEAR = addMonths(monthOf(EARLIEST), 11);

/** The last of the twelve months to show: the one asked for, or such that the day is among them. */
export function lastMonth(until: string, date: string, latest: string): string {
  const month = requestedMonth(until, date, latest);
  return month < FIRST_YEAR ? FIRST_YEAR : month;
}

function requestedMonth(until: string, date: string, latest: string): string {
  if (isMonth(until) && until < latest) return until;
  if (!isDay(date) || monthOf(date) > latest) return latest;
  const years = Math.ceil((monthsBetween(monthOf(date), latest).length - 12) / 12);
  return addMonths(latest, -12 * Math.max(0, years));
}

/** How many days there are of a kind. */
export function counts(days: readonly Day[]) {
  const count = (kind: (day: Day) => boolean) => days.filter(kind).length;
  return {
    full: count((day) => day.state === "full"),
    partial: count((day) => day.state === "partial"),
    empty: count((day) => day.state === "empty"),
    holes: count((day) => day.hole),
    unarchived: count((day) => day.unarchived),
  };
}
