// The ticks of the time axis.
//
// The ticks of uPlot are those of the browser's zone, or depend on its clock changes.

import { instantOf, wallClock } from "../../../ui/zone";
import { DAY, HOUR } from "../range/range";

/** Returns the times from `from` to `to` at which the wall clock of a zone is at a multiple of a step. */
export function timeTicks(from: number, to: number, step: number, timeZone: string): number[] {
  const wall = wallClock(from, timeZone);
  // A repeated hour has its ticks twice.
  if (step <= HOUR) return ascending(Math.ceil(wall / step), to, (index) => index * step - (wall - from));
  const months = Math.round((12 * step) / (365 * DAY));
  const edge = (index: number) => (months ? Date.UTC(1970, index * months) : index * step);
  const first = Math.floor(months ? monthsTo(wall) / months : wall / step);
  const ticks = ascending(first, to, (index) => instantOf(edge(index), timeZone));
  // Two edges in a skipped day are one time.
  return [...new Set(ticks)].filter((tick) => tick >= from);
}

function ascending(first: number, to: number, tickOf: (index: number) => number): number[] {
  const ticks: number[] = [];
  for (let index = first; tickOf(index) <= to; index++) ticks.push(tickOf(index));
  return ticks;
}

/** Returns the number of months from January 1970 to the month of a wall clock. */
function monthsTo(wall: number): number {
  const date = new Date(wall);
  return 12 * (date.getUTCFullYear() - 1970) + date.getUTCMonth();
}
