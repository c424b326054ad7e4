// The table of lines: a column of times, and one of values per line, with null in gaps.

import type { Span } from "../range/range";
import type { Line } from "./line";

export type Column = (number | null | undefined)[];

/** Returns the table of a line with a null in the middle of each gap. */
function tableOf({ times, values, gaps, factor }: Line): [number[], Column] {
  const xs: number[] = [];
  const ys: Column = [];
  let next = 0;
  const copy = (until: number) => {
    for (; next < times.length && (times[next] as number) < until; next++) {
      xs.push(times[next] as number);
      const value = values[next];
      // A value that is not finite breaks only its own line.
      ys.push(typeof value === "number" && Number.isFinite(value) ? value * factor : null);
    }
  };
  for (const gap of gaps) {
    const middle = (gap.from + gap.to) / 2;
    copy(middle);
    if (times[next] === middle) continue;
    xs.push(middle);
    ys.push(null);
  }
  copy(Number.POSITIVE_INFINITY);
  return [xs, ys];
}

/** Returns the values of lines with a row per time of any of them, and rows at both ends of the span. */
export function joinedTable(lines: readonly Line[], { from, to }: Span): [number[], ...Column[]] {
  const tables = lines.map(tableOf);
  const times = unionOf([[from, to], ...tables.map(([xs]) => xs)]);
  return [times, ...tables.map(([xs, ys]) => spread(xs, ys, times))];
}

function unionOf(columns: readonly (readonly number[])[]): number[] {
  const all = new Float64Array(columns.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const column of columns) {
    all.set(column, end);
    end += column.length;
  }
  // Without a function that compares, for it would be called half a million times.
  all.sort();
  const times: number[] = [];
  all.forEach((time, index) => {
    if (time !== all[index - 1]) times.push(time);
  });
  return times;
}

/** Returns the values of `xs`, which ascend, at the rows of `times`. */
function spread(xs: readonly number[], ys: Column, times: readonly number[]): Column {
  const column: Column = new Array(times.length).fill(undefined);
  let row = 0;
  xs.forEach((time, index) => {
    while ((times[row] as number) < time) row++;
    column[row] = ys[index];
  });
  closeGaps(column);
  return column;
}

/** A row that only another line has is within a gap beside a null, and else not a gap. */
function closeGaps(column: Column): void {
  let [first, isGap] = [0, false];
  for (let row = 0; row <= column.length; row++) {
    if (row < column.length && (column[row] === undefined || column[row] === null)) {
      isGap ||= column[row] === null;
      continue;
    }
    if (isGap) column.fill(null, first, row);
    [first, isGap] = [row + 1, false];
  }
}

/** Returns the rows with a value between two gaps. */
export function isolatedRows(column: Column): number[] {
  const isolated: number[] = [];
  // The last row that is not undefined, and whether no value is before it.
  let [last, isAlone] = [-1, false];
  let before: Column[number] = null;
  column.forEach((value, row) => {
    if (value === undefined) return;
    if (isAlone && value === null) isolated.push(last);
    isAlone = value !== null && before === null;
    [last, before] = [row, value];
  });
  if (isAlone) isolated.push(last);
  return isolated;
}
