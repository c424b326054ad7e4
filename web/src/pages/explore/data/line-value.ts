// Values of lines at a time, and their coverage.

import type { GapSpan, Line } from "./line";

/** The value of a line at a time: the nearest sample, the sample in force, the bucket that contains it, or the gap around that time. */
export type LineValue =
  | {
      kind: "sample";
      time: number;
      value: number;
      low: number | undefined;
      high: number | undefined;
      /** The end of the bucket of a measured line. */
      end: number | undefined;
      /** Whether that bucket is not over. */
      partial: boolean;
    }
  | { kind: "gap"; gap: GapSpan }
  | { kind: "none" };

export function valueAt(line: Line, time: number): LineValue {
  const { times, gaps } = line;
  const after = indexFrom(times, time);
  const [previous, next] = [times[after - 1], times[after]];
  const inForce = next === time ? after : after - 1;
  if (time < (line.ends[inForce] ?? Number.NEGATIVE_INFINITY)) return sampleAt(line, inForce);
  const gap = gaps.find(({ from, to }) => from < time && time < to);
  if (gap && next !== time) return { kind: "gap", gap };
  if (line.ends.length) return { kind: "none" };
  if (line.draw !== "line") return heldAt(line, inForce, time);
  if (previous === undefined && next === undefined) return { kind: "none" };
  const nearest =
    next === undefined || (previous !== undefined && time - previous <= next - time) ? after - 1 : after;
  return sampleAt(line, nearest);
}

function heldAt(line: Line, index: number, time: number): LineValue {
  const sampled = line.times[index];
  return sampled !== undefined && time <= sampled + line.hold ? sampleAt(line, index) : { kind: "none" };
}

function sampleAt({ times, values, low, high, ends, partial }: Line, index: number): LineValue {
  return {
    kind: "sample",
    time: times[index] as number,
    value: values[index] as number,
    low: low[index],
    high: high[index],
    end: ends[index],
    partial: partial.includes(index),
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

/** Returns received and expected samples of the range itself, over all lines with a known interval. */
export function totalCoverage(lines: Line[]): { received: number; expected: number } | undefined {
  const counted = lines.filter(({ expected, compared }) => expected && !compared);
  if (!counted.length) return undefined;
  return {
    received: counted.reduce((sum, line) => sum + Math.min(line.received, line.expected ?? 0), 0),
    expected: counted.reduce((sum, line) => sum + (line.expected ?? 0), 0),
  };
}
