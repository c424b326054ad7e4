// The ticks of the time axis.
//
// The ticks of uPlot are those of the browser's zone, or depend on its clock changes.

import { instantOf, wallClock } from "../../../ui/zone";
import { DAY, HOUR } from "../range/range";

/** Returns the times from `from` to `to` at which the wall clock of a zone is at a multiple of a step. */
export function timeTicks(from: number, to: number, step: number, timeZone: string): number[] {
  if (step <= HOUR) return shortSteps(from, to, step, timeZone);
  const wall = wallClock(from, timeZone);
  const months = Math.round((12 * step) / (365 * DAY));
  const edge = (index: number) => (months ? Date.UTC(1970, index * months) : index * step);
  const first = Math.floor(months ? monthsTo(wall) / months : wall / step);
  const ticks = ascending(first, to, (index) => instantOf(edge(index), timeZone));
  // Two edges in a skipped day are one time.
  return [...new Set(ticks)].filter((tick) => tick >= from);
}

/** Returns the ticks of a step of up to an hour; a repeated hour has its ticks twice. */
function shortSteps(from: number, to: number, step: number, timeZone: string): number[] {
  const ticks: number[] = [];
  // After a change of half an hour the next tick is not a step away.
  const next = (time: number) => time + (((-wallClock(time, timeZone) % step) + step) % step);
  for (let tick = next(from); tick <= to; tick = next(tick + step)) ticks.push(tick);
  return ticks;
}

function ascending(first: number, to: number, tickOf: (index: number) => number): number[] {
  const ticks: number[] = [];
  for (let index = first; tickOf(index) <= to; index++) ticks.push(tickOf(index));
  return ticks;
}

/** Returns labels without the lines that reach beyond the edges of a chart; `middles` are their positions in it. */
export function fittingLabels(
  labels: readonly string[],
  middles: readonly number[],
  widthOf: (line: string) => number,
  width: number,
): string[] {
  return labels.map((label, index) => {
    const room = 2 * Math.min(middles[index] as number, width - (middles[index] as number));
    const lines = label.split("\n").map((line) => (widthOf(line) > room ? "" : line));
    return lines.join("\n").trimEnd();
  });
}

/** Returns the number of months from January 1970 to the month of a wall clock. */
function monthsTo(wall: number): number {
  const date = new Date(wall);
  return 12 * (date.getUTCFullYear() - 1970) + date.getUTCMonth();
}
