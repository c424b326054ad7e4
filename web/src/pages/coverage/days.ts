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
 * `before`: before the first day with data. `later`: after the sync time. `missing`: no data, and windows were
 * never polled. `empty`: polled without data. `partial` and `full`: some or all windows have data.
 */
export type State = "before" | "later" | "missing" | "empty" | "partial" | "full";

export type Day = CoverageDay & {
  state: State;
  /** Windows that end before the sync time. */
  windows_synced: number;
  /** Whether a synced window was never polled. */
  unpolled: boolean;
  /** Whether the day has ended and has samples that are not in the archive. */
  unarchived: boolean;
};

/** Returns the days with their states; `syncedFrom` and `syncedUntil` are null before the first sync. */
export function classifyDays(
  days: readonly CoverageDay[],
  syncedFrom: string | null,
  syncedUntil: string | null,
): Day[] {
  const first = firstStored(days, syncedFrom);
  const until = syncedUntil === null ? 0 : Date.parse(syncedUntil);
  return days.map((day) => {
    const synced = Math.max(
      0,
      Math.min(day.windows_expected, Math.floor((until - dayStart(day.date)) / WINDOW_MS)),
    );
    const before = first === undefined || day.date < first;
    const unpolled = !before && day.windows_polled < synced;
    const over = until >= dayStart(addDays(day.date, 1));
    return {
      ...day,
      windows_synced: synced,
      unpolled,
      state: before ? "before" : stateOf(day, synced, unpolled),
      unarchived: over && day.samples > 0 && !day.settled,
    };
  });
}

function stateOf(day: CoverageDay, synced: number, unpolled: boolean): State {
  if (day.windows_with_data === 0) {
    if (unpolled) return "missing";
    return synced === 0 ? "later" : "empty";
  }
  return day.windows_with_data < synced ? "partial" : "full";
}

function firstStored(days: readonly CoverageDay[], syncedFrom: string | null): string | undefined {
  const stored = days.find((day) => day.windows_polled > 0 || day.samples > 0 || day.archive !== "")?.date;
  const synced = syncedFrom === null ? undefined : dayOf(syncedFrom);
  return stored !== undefined && (synced === undefined || stored < synced) ? stored : synced;
}

/** Returns how much of a day has data, from 1 (under half) to 4 (all). */
export function level(day: Day): number {
  const share = day.windows_with_data / Math.max(1, day.windows_synced);
  if (day.state === "full") return 4;
  return share >= 0.9 ? 3 : share >= 0.5 ? 2 : 1;
}

/** Returns the first and last day of a backfill around a day: adjacent days with unpolled windows, or the days before the data. */
export function backfillRange(days: readonly Day[], date: string): [string, string] | undefined {
  const index = days.findIndex((day) => day.date === date);
  const day = days[index];
  if (!day || !(day.unpolled || day.state === "before")) return undefined;
  const alike = (neighbour: number) =>
    day.unpolled ? days[neighbour]?.unpolled : days[neighbour]?.state === "before";
  let [from, to] = [index, index];
  while (day.unpolled && alike(from - 1)) from -= 1;
  while (alike(to + 1)) to += 1;
  return [days[from]?.date ?? date, days[to]?.date ?? date];
}

/** The last month of the earliest year on the map. */
export const FIRST_YEAR = addMonths(monthOf(EARLIEST), 11);

/** Returns the last of the twelve months to show: `until`, or a month whose year contains `date`. */
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

/** Returns the number of days in each state. */
export function counts(days: readonly Day[]) {
  const count = (kind: (day: Day) => boolean) => days.filter(kind).length;
  return {
    full: count((day) => day.state === "full"),
    partial: count((day) => day.state === "partial"),
    empty: count((day) => day.state === "empty"),
    unpolled: count((day) => day.unpolled),
    unarchived: count((day) => day.unarchived),
  };
}
