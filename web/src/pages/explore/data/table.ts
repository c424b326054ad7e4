// The table of one line: a column of times, and value columns with null in gaps.

import type uPlot from "uplot";
import type { Line } from "./line";

export type Column = (number | null | undefined)[];

/** Returns the table of a line with a null in the middle of each gap; the band comes first, below the line. */
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
        // A value that is not finite breaks only its own line.
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

/** Returns the rows with a value between two gaps. */
export function isolatedRows(column: Column): number[] {
  const rows = [...column.keys()].filter((row) => column[row] !== undefined);
  const missing = (row: number | undefined) => row === undefined || column[row] === null;
  return rows.filter((row, index) => !missing(row) && missing(rows[index - 1]) && missing(rows[index + 1]));
}
