// What a chart shows: its points, their lines and the table that uPlot draws.

import type uPlot from "uplot";
import type { Gap } from "../../../api/types";
import type { Span } from "../range/range";

/** A point that was chosen; `slot` is its colour, and after the last colour a dash. */
export type Chosen = { name: string; label: string; unit: string; slot: number };

export type GapSpan = Span & { reason: Gap["reason"] };

export type Line = Chosen & {
  times: number[];
  values: number[];
  low: number[];
  high: number[];
  gaps: GapSpan[];
  /** Samples that the interval lets expect, null where that is not known, and samples there are. */
  expected: number | null;
  received: number;
  /** Where the line's values are in the table. */
  column: number;
  /** What the table's values of this line's scale are multiplied by. */
  factor: number;
  /** Rows of the table with a sample that no line reaches. */
  isolated: number[];
};

export type Chart = {
  lines: Line[];
  table: uPlot.AlignedData;
  /** Whether rows are aggregates, with a band from least to greatest around the line. */
  banded: boolean;
  /** Where no line has anything. */
  gaps: GapSpan[];
  rows: number;
};

export const COLOURS = 10;
export const MAX_LINES = 30;
