// The table of one line: a column of times, and one of values with null in gaps.

import type uPlot from "uplot";
import type { Line } from "./line";

export type Column = (number | null | undefined)[];

/** Returns the table of a line with a null in the middle of each gap. */
export function tableOf({ times, values, gaps, factor }: Line): uPlot.AlignedData {
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

/** Returns the rows with a value between two gaps. */
export function isolatedRows(column: Column): number[] {
  const rows = [...column.keys()].filter((row) => column[row] !== undefined);
  const missing = (row: number | undefined) => row === undefined || column[row] === null;
  return rows.filter((row, index) => !missing(row) && missing(rows[index - 1]) && missing(rows[index + 1]));
}
