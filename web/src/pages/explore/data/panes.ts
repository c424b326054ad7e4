// The panes of a chart: lines by unit, and one pane for all lanes.

import type uPlot from "uplot";
import type { Span } from "../range/range";
import { type Axes, axesOf, scaleOf } from "./axes";
import { commonGaps } from "./gaps";
import type { Chart, GapSpan, Line } from "./line";
import { type Column, isolatedRows, joinedTable } from "./table";

export type Pane = {
  /** Whether its lines are lanes, which have no y axis. */
  lanes: boolean;
  lines: Line[];
  axes: Axes;
  table: uPlot.AlignedData;
  /** The gaps that its lines have in common. */
  gaps: GapSpan[];
  /** Times that are marked in another view. */
  marked?: readonly Span[];
};

/** `single` draws all units in one pane, with at most `axes` axes. */
export type PaneChoice = { single: boolean; axes: number };

/** Returns the panes of the lines in the order of the lines; the lanes are last. */
export function panesOf(chart: Chart, { single, axes }: PaneChoice): Pane[] {
  const lanes = chart.lines.filter(({ draw }) => draw === "lane");
  const groups = new Map<string, Line[]>();
  for (const line of chart.lines) {
    if (line.draw === "lane") continue;
    const key = single ? "" : scaleOf(line.unit);
    groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  return [
    ...[...groups.values()].map((lines) => valuePane(chart, lines, axes)),
    ...(lanes.length ? [lanePane(chart, lanes)] : []),
  ];
}

/** The number of panes when they are stacked by unit. */
export function paneCount(lines: readonly Line[]): number {
  return new Set(lines.map(({ draw, unit }) => (draw === "lane" ? "" : scaleOf(unit)))).size;
}

function valuePane({ span }: Chart, all: Line[], limit: number): Pane {
  const lines = all.map((line, index) => ({ ...line, column: index + 1 }));
  const table = joinedTable(lines, span);
  for (const line of lines) line.isolated = isolatedRows(table[line.column] as Column);
  const gaps = commonGaps(lines.map((line) => line.gaps));
  return { lanes: false, lines, axes: axesOf(lines, limit), table, gaps };
}

function lanePane({ span }: Chart, lines: Line[]): Pane {
  return {
    lanes: true,
    lines,
    axes: [],
    table: [
      [span.from, span.to],
      [null, null],
    ],

    gaps: [],
  };
}
