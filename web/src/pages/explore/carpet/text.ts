// The texts of days and cells.

import { DAY_MS } from "../../../ui/days";
import { LOCALE } from "../../../ui/format";
import { REASONS } from "../data/gaps";
import type { Cell } from "./cells";
import { type CellMeasure, cellText } from "./measure";

const long = new Intl.DateTimeFormat(LOCALE, {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  timeZone: "UTC",
});
const short = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", timeZone: "UTC" });

/** Returns a local day as Sun 1 Nov 2026. */
export function dayText(day: number): string {
  return long.format(day * DAY_MS).replace(",", "");
}

/** Returns a local day as 1 Nov. */
export function shortDay(day: number): string {
  return short.format(day * DAY_MS);
}

/** Returns a local day as 2026-11-01. */
export function isoDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

export function hourText(hour: number): string {
  return `${String(hour).padStart(2, "0")}:00`;
}

const EMPTY = {
  skipped: "this hour does not exist",
  outside: "outside the range",
  empty: "no value",
};

/** Returns what a cell shows, in words. */
export function describe(cell: Cell, measure: CellMeasure, unit: string): string {
  if (cell.kind === "value") {
    const notes = [
      cell.repeated &&
        `this hour occurs twice: ${measure === "last" ? "the later value" : "the mean of both"}`,
      cell.partial && "the hour is not over",
    ];
    return [cellText(cell.value, measure, unit), ...notes.filter(Boolean)].join(", ");
  }
  return cell.kind === "gap" ? REASONS[cell.reason] : EMPTY[cell.kind];
}
