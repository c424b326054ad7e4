// The content of a chart: points and lines.

import type { Gap } from "../../../api/types";
import type { Span } from "../range/range";

/** How a line is drawn: samples connected, as steps, as a lane of states, or one bar per bucket. */
export type Draw = "line" | "steps" | "lane" | "bars";

/** A selected point. */
export type Chosen = {
  name: string;
  label: string;
  unit: string;
  /** The colour, and beyond the last colour also the dash. */
  slot: number;
  draw: Draw;
  /** What is drawn of a bucket of readings. */
  aggregate: "mean" | "last";
  /** The names of its states by their numbers; empty when they have none. */
  states: ReadonlyMap<number, string>;
  /** How long a value of `steps` or of a `lane` stays in force without another, in ms. */
  hold: number;
  /** Whether it is of the range that the chart is compared with, and drawn behind. */
  compared: boolean;
};

export type GapSpan = Span & { reason: Gap["reason"] };

export type Line = Chosen & {
  times: number[];
  values: number[];
  /** The extremes of buckets; of bars the bounds of totals, where some time is not known. */
  low: number[];
  high: number[];
  /** The ends of the buckets in ms, when the line is measured. */
  ends: number[];
  /** The rows whose bucket is not over. */
  partial: number[];
  gaps: GapSpan[];
  /** Samples expected by the point's interval, null when the interval is unknown. */
  expected: number | null;
  received: number;
  /** The column of the line's values in the table of its pane. */
  column: number;
  /** The factor of the line's values in the table. */
  factor: number;
  /** Rows with a sample between two gaps, which no line segment reaches. */
  isolated: number[];
};

export type Chart = {
  lines: Line[];
  /** The range of the rows. */
  span: Span;
  /** The gaps that all lines have in common. */
  gaps: GapSpan[];
  rows: number;
};

/** Whether some bar is of a bucket that is not over. */
export function hasPartialBars(lines: readonly Line[]): boolean {
  return lines.some(({ draw, partial }) => draw === "bars" && partial.length > 0);
}

export const COLOURS = 10;

/** Returns the dash of a slot in pixels; empty for a line without. */
export function dashOf(slot: number): number[] {
  if (slot < COLOURS) return [];
  return slot < 2 * COLOURS ? [6, 3] : [2, 3];
}

export const MAX_LINES = 30;
