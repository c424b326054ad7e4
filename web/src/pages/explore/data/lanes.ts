// The states of a lane by pixel columns.

import type { Span } from "../range/range";
import type { Line } from "./line";
import { indexFrom } from "./line-value";

/** Columns [from, to) with the states that they hold, ascending; several are a mixed mark. */
export type Mark = { from: number; to: number; states: number[] };

type Held = Span & { states: number[] };

/** Returns the marks of a lane that is `columns` pixels wide; columns without a value in force have none. */
export function marksOf(line: Line, view: Span, columns: number): Mark[] {
  const held: (number[] | undefined)[] = new Array(columns);
  const columnOf = (time: number) => ((time - view.from) / (view.to - view.from)) * columns;
  for (const { from, to, states } of heldSpans(line, view)) {
    const [start, end] = [columnOf(from), columnOf(to)];
    // What is shorter than a column still marks the column that it is in.
    const first = Math.round(start) < Math.round(end) ? Math.round(start) : Math.floor(start);
    const last = Math.max(first + 1, Math.round(end));
    for (let column = Math.max(0, first); column < Math.min(columns, last); column++) {
      held[column] = joined(held[column], states);
    }
  }
  return runsOf(held);
}

/** Returns the spans in which the rows of a line are in force, from the row before the view on. */
function* heldSpans(line: Line, { from, to }: Span): Iterable<Held> {
  const { times, values, gaps, hold } = line;
  let gap = 0;
  for (let row = Math.max(0, indexFrom(times, from) - 1); row < times.length; row++) {
    const time = times[row] as number;
    if (time >= to) return;
    if (!Number.isFinite(values[row])) continue;
    while (gap < gaps.length && (gaps[gap]?.to ?? 0) <= time) gap++;
    const next = times[row + 1] ?? Number.POSITIVE_INFINITY;
    const missing = Math.max(time, gaps[gap]?.from ?? Number.POSITIVE_INFINITY);
    yield { from: time, to: Math.min(next, time + hold, missing), states: statesIn(line, row) };
  }
}

/** Returns the states of a row: of aggregates the lowest and the highest, between which there may be others. */
function statesIn({ values, low, high }: Line, row: number): number[] {
  const [least, most] = [low[row], high[row]];
  if (least === undefined || most === undefined) return [values[row] as number];
  return least === most ? [least] : [least, most];
}

function joined(states: number[] | undefined, added: number[]): number[] {
  if (!states) return added;
  if (added.every((state) => states.includes(state))) return states;
  return [...new Set([...states, ...added])].sort((a, b) => a - b);
}

function runsOf(held: (number[] | undefined)[]): Mark[] {
  const marks: Mark[] = [];
  held.forEach((states, column) => {
    if (!states) return;
    const last = marks.at(-1);
    if (last?.to === column && same(last.states, states)) last.to = column + 1;
    else marks.push({ from: column, to: column + 1, states });
  });
  return marks;
}

function same(first: number[], second: number[]): boolean {
  return first.length === second.length && first.every((state, index) => state === second[index]);
}
