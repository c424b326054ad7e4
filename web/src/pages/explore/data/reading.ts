// What lines read at a time, and how much of what was expected they have.

import type { GapSpan, Line } from "./line";

/** What a line reads at a time: the nearest sample, or the gap that it falls into. */
export type Reading =
  | { kind: "sample"; time: number; value: number; low: number | undefined; high: number | undefined }
  | { kind: "gap"; gap: GapSpan }
  | { kind: "none" };

export function readAt(line: Line, time: number): Reading {
  const { times, gaps } = line;
  const after = firstAtOrAfter(times, time);
  const gap = gaps.find(({ from, to }) => from < time && time < to);
  if (gap && times[after] !== time) return { kind: "gap", gap };
  const [left, right] = [times[after - 1], times[after]];
  if (left === undefined && right === undefined) return { kind: "none" };
  const nearest =
    right === undefined || (left !== undefined && time - left <= right - time) ? after - 1 : after;
  return sampleAt(line, nearest);
}

/** The last sample drawn. */
export function lastOf(line: Line): Reading {
  return line.times.length ? sampleAt(line, line.times.length - 1) : { kind: "none" };
}

function sampleAt({ times, values, low, high }: Line, place: number): Reading {
  return {
    kind: "sample",
    time: times[place] as number,
    value: values[place] as number,
    low: low[place],
    high: high[place],
  };
}

/** The place of the first time that is not before another, in times in order. */
export function firstAtOrAfter(times: readonly number[], time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How much of what was to be expected is there, of the lines of which it is known. */
export function coverageOf(lines: Line[]): { received: number; expected: number } | undefined {
  const known = lines.filter(({ expected }) => expected);
  if (!known.length) return undefined;
  return {
    received: known.reduce((sum, line) => sum + Math.min(line.received, line.expected ?? 0), 0),
    expected: known.reduce((sum, line) => sum + (line.expected ?? 0), 0),
  };
}
