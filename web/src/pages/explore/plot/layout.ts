// Layout of a chart, in pixels.

import type { Axes } from "../data/axes";

/** Charts narrower than this show fewer axes and move the tooltip. */
export const NARROW = 560;

export const AXIS = 56;
const SIDE_PADDING = 16;

/** Returns the width of the plot area of a chart. */
export function plotWidth(width: number, axes: Axes): number {
  const sides = new Set(axes.map(({ side }) => side));
  const padding = (2 - sides.size) * SIDE_PADDING;
  return Math.max(1, Math.floor(width - axes.length * AXIS - padding));
}
