// Values of lines at a time, and their coverage.

import type { GapSpan, Line } from "./line";

/** The value of a line at a time: the nearest sample, of steps and lanes the one in force, or the gap around it. */
export type LineValue =
  | { kind: "sample"; time: number; value: number; low: number | undefined; high: number | undefined }
  | { kind: "gap"; gap: GapSpan }
  | { kind: "none" };

export function valueAt(line: Line, time: number): LineValue {
  const { times, gaps } = line;
  const after = indexFrom(times, time);
  const gap = gaps.find(({ from, to }) => from < time && time < to);
  if (gap && times[after] !== time) return { kind: "gap", gap };
  const [previous, next] = [times[after - 1], times[after]];
  if (line.draw === "steps" || line.draw === "lane") {
    const last = next === time ? after : after - 1;
    return last < 0 ? { kind: "none" } : sampleAt(line, last);
  }
  if (previous === undefined && next === undefined) return { kind: "none" };
  const nearest =
    next === undefined || (previous !== undefined && time - previous <= next - time) ? after - 1 : after;
  return sampleAt(line, nearest);
}

/** Returns the last sample of a line. */
export function lastValue(line: Line): LineValue {
  return line.times.length ? sampleAt(line, line.times.length - 1) : { kind: "none" };
}

function sampleAt({ times, values, low, high }: Line, index: number): LineValue {
  return {
    kind: "sample",
    time: times[index] as number,
    value: values[index] as number,
    low: low[index],
    high: high[index],
  };
}

/** Returns the index of the first time that is not before `time`; `times` must ascend. */
export function indexFrom(times: readonly number[], time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Returns received and expected samples over all lines with a known interval. */
export function totalCoverage(lines: Line[]): { received: number; expected: number } | undefined {
  const counted = lines.filter(({ expected }) => expected);
  if (!counted.length) return undefined;
  return {
    received: counted.reduce((sum, line) => sum + Math.min(line.received, line.expected ?? 0), 0),
    expected: counted.reduce((sum, line) => sum + (line.expected ?? 0), 0),
  };
}
