// Moves the rows of an earlier range onto the axis of a chart.

import type { Gap, Series } from "../../../api/types";
import { unitStart } from "../../../ui/calendar-units";
import { DAY_MS } from "../../../ui/days";
import { latestClock, timeReaching, wallClock } from "../../../ui/zone";
import { columnsOf } from "../data/pages";
import { HOUR, MINUTE } from "../range/range";

/** Clocks change at multiples of it. */
const CELL = 30 * MINUTE;

/** A move to the same local time of a later range. */
export type Later = {
  /** Returns the time of a sample; undefined when the clock skips it there, or has shown it before here. */
  sample: (ms: number) => number | undefined;
  /** Returns the time of an edge of a bucket or a gap, which never goes back. */
  edge: (ms: number) => number;
};

/** Returns the move by local days. */
export function laterBy(days: number, timeZone: string): Later {
  type Cell = { shift: number } | { edge: number };
  const cells = new Map<number, Cell>();
  const cellOf = (ms: number): Cell => {
    const edge = timeReaching(latestClock(ms, timeZone) + days * DAY_MS, timeZone);
    const isSame = wallClock(edge, timeZone) === wallClock(ms, timeZone) + days * DAY_MS;
    return isSame ? { shift: edge - ms } : { edge };
  };
  const cachedCell = (ms: number): Cell => {
    const index = Math.floor(ms / CELL);
    const cell = cells.get(index) ?? cellOf(ms);
    cells.set(index, cell);
    return cell;
  };
  return {
    sample: (ms) => {
      const cell = cachedCell(ms);
      return "shift" in cell ? ms + cell.shift : undefined;
    },
    edge: (ms) => {
      const cell = cachedCell(ms);
      return "shift" in cell ? ms + cell.shift : cell.edge;
    },
  };
}

/** Returns the move by weeks or months, each onto a whole one: what a shorter month lacks is at its end. */
export function laterByUnits(count: number, unit: "week" | "month", timeZone: string): Later {
  const edge = (ms: number) => {
    const sinceStart = latestClock(ms, timeZone) - wallClock(unitStart(ms, unit, timeZone), timeZone);
    const [start, end] = [count, count + 1].map((later) => unitStart(ms, unit, timeZone, later)) as [
      number,
      number,
    ];
    return Math.min(end, timeReaching(wallClock(start, timeZone) + sinceStart, timeZone));
  };
  return { sample: edge, edge };
}

type Row = { row: number; from: number; to: number };

/**
 * Returns a series at later times. A bucket of a local hour that is not there is left out; of one that occurs
 * twice, the first remains.
 */
export function shifted(series: Series, later: Later): Series {
  const rows = series.ends ? bucketRows(series.timestamps, series.ends, later) : sampleRows(series, later);
  const partial = new Set(series.partial);
  return {
    ...series,
    ...columnsOf(series, (column) => rows.map(({ row }) => column[row])),
    timestamps: rows.map(({ from }) => from),
    ...(series.ends && { ends: rows.map(({ to }) => to) }),
    partial: [...rows.keys()].filter((index) => partial.has(rows[index]?.row as number)),
    gaps: series.gaps.flatMap((gap) => shiftedGap(gap, later)),
  };
}

function bucketRows(starts: readonly number[], ends: readonly number[], { edge }: Later): Row[] {
  return starts.flatMap((start, row) => {
    const end = ends[row] as number;
    // A bucket of up to an hour is of one of two equal hours, a longer one of both.
    const longest = end - start > HOUR ? Number.POSITIVE_INFINITY : end - start;
    const from = edge(start);
    const to = Math.min(edge(end), from + longest);
    return from < to ? [{ row, from, to }] : [];
  });
}

function sampleRows({ timestamps }: Series, { sample }: Later): Row[] {
  return timestamps.flatMap((time, row) => {
    const from = sample(time);
    return from === undefined ? [] : [{ row, from, to: from }];
  });
}

function shiftedGap(gap: Gap, { edge }: Later): Gap[] {
  const [start, end] = [edge(Date.parse(gap.start)), edge(Date.parse(gap.end))];
  if (start >= end) return [];
  return [{ ...gap, start: new Date(start).toISOString(), end: new Date(end).toISOString() }];
}
