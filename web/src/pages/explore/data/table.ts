// The table of one line: a column of times, and columns that are null in gaps.

import type uPlot from "uplot";
import type { Line } from "./line";

export type Column = (number | null | undefined)[];

/** A line's own table: band first, so that the line lies over it, with a null in the midst of each gap. */
export function tableOf(
  { times, values, low, high, gaps, factor }: Line,
  banded: boolean,
): uPlot.AlignedData {
  const columns: Column[] = banded ? [low, high, values] : [values];
  const xs: number[] = [];
  const ys: Column[] = columns.map(() => []);
  let next = 0;
  const copy = (until: number) => {
    for (; next < times.length && (times[next] as number) < until; next++) {
      xs.push(times[next] as number);
      columns.forEach((column, index) => {
        const value = column[next];
        // What is no finite number breaks its line, and no other one.
        ys[index]?.push(typeof value === "number" && Number.isFinite(value) ? value * factor : null);
      });
    }
  };
  for (const gap of gaps) {
    const middle = (gap.from + gap.to) / 2;
    copy(middle);
    if (times[next] === middle) continue;
    xs.push(middle);
    for (const column of ys) column.push(null);
  }
  copy(Number.POSITIVE_INFINITY);
  return [xs, ...ys];
}

/** Rows with a value between two gaps, which a line would leave out. */
export function isolatedRows(column: Column): number[] {
  const rows = [...column.keys()].filter((row) => column[row] !== undefined);
  const missing = (row: number | undefined) => row === undefined || column[row] === null;
  return rows.filter((row, index) => !missing(row) && missing(rows[index - 1]) && missing(rows[index + 1]));
}
