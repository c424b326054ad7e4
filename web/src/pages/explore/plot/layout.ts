// The sizes of a chart's parts, in pixels.

import type { Axes } from "../data/axes";

/** Charts narrower than this have no room beside the lines. */
export const NARROW = 560;

export const AXIS = 56;
const SIDE_PADDING = 16;

/** How wide the lines' own part of a chart is. */
export function plotWidth(width: number, axes: Axes): number {
  const sides = new Set(axes.map(({ side }) => side));
  const padding = (2 - sides.size) * SIDE_PADDING;
  return Math.max(1, Math.floor(width - axes.length * AXIS - padding));
}
