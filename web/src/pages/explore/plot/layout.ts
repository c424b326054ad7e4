// Layout of a chart, in pixels.

import { axesOf } from "../data/axes";
import type { Chosen } from "../data/line";
import type { Pane } from "../data/panes";

/** Charts narrower than this show fewer axes and move the tooltip. */
export const NARROW = 560;

export const AXIS = 56;
export const TIME_AXIS = 42;
export const LANE = 22;
/** Holds half of a date, whose tick may be at the edge of the plot area. */
const SIDE_PADDING = 20;
const LANE_PADDING = 6;
const LEAST_PANE = 120;
/** The room for the names of lanes, left of the plot area. */
const NAMES = 132;
const NARROW_NAMES = 84;

/** Returns the most axes of a pane. */
export function axisLimit(width: number): number {
  return width < NARROW ? 2 : 4;
}

/** Returns the width of the plot area of a chart, whose lines are in panes by unit or in a `single` one. */
export function plotWidth(
  width: number,
  lines: readonly Pick<Chosen, "unit" | "draw">[],
  single: boolean,
): number {
  const values = lines.filter(({ draw }) => draw !== "lane");
  const axes = axesOf(values, single ? axisLimit(width) : 1);
  const widthOf = (side: 1 | 3) =>
    Math.max(SIDE_PADDING, AXIS * axes.filter((axis) => axis.side === side).length);
  const left = Math.max(widthOf(3), values.length < lines.length ? nameWidth(width) : 0);
  return Math.max(1, Math.floor(width - left - widthOf(1)));
}

export function nameWidth(width: number): number {
  return width < NARROW ? NARROW_NAMES : NAMES;
}

/** Returns the padding above the plot area of a pane. */
export function topPadding({ lanes, axes }: Pane): number {
  if (lanes) return LANE_PADDING;
  return axes.some(({ unit }) => unit) ? 22 : 10;
}

/** Returns the height of a pane of lanes without the time axis. */
function laneHeight({ lines }: Pane): number {
  return lines.length * LANE + 2 * LANE_PADDING;
}

/** Returns the least height of a chart. */
export function leastHeight(panes: readonly Pane[]): number {
  return panes.reduce((sum, pane) => sum + (pane.lanes ? laneHeight(pane) : LEAST_PANE), TIME_AXIS);
}

/** Returns the heights of panes that fill a chart; the last has the time axis, lanes are as high as they must be. */
export function heightsOf(panes: readonly Pane[], height: number): number[] {
  const lanes = panes.filter((pane) => pane.lanes).reduce((sum, pane) => sum + laneHeight(pane), 0);
  const values = panes.filter((pane) => !pane.lanes).length;
  const share = Math.max(1, Math.floor((height - lanes - TIME_AXIS) / Math.max(1, values)));
  return panes.map(
    (pane, index) => (pane.lanes ? laneHeight(pane) : share) + (index === panes.length - 1 ? TIME_AXIS : 0),
  );
}

/** Aligns the plot areas of stacked panes: the widest axes decide, and stay wide while the plot lives. */
export class Sides {
  private readonly widths = { left: SIDE_PADDING, right: SIDE_PADDING };
  /** Grows when a pane needs more room than the panes before. */
  changes = 0;

  constructor(least: number) {
    this.widths.left = Math.max(SIDE_PADDING, least);
  }

  /** Returns the padding that a pane needs beside its axes, which are `taken` wide. */
  padding(side: "left" | "right", taken: number): number {
    if (taken > this.widths[side]) {
      this.widths[side] = taken;
      this.changes++;
    }
    return this.widths[side] - taken;
  }
}
