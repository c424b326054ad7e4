// Draws bars: one per bucket and line, side by side, from 0.

import uPlot from "uplot";
import { scaleOf } from "../data/axes";
import { barOf } from "../data/buckets";
import { pointName } from "../data/chosen";
import type { Line } from "../data/line";
import { indexFrom } from "../data/line-value";
import type { PlotContext } from "./context";
import { hatchOf, inkOf, translucent } from "./inks";

const COMPARED = 0.4;

/** Draws the bars of a pane and returns how many there are. */
export function drawBars({ chart, inks }: PlotContext, u: uPlot): number {
  const lines = inPairs(chart().lines.filter(({ draw }) => draw === "bars"));
  const { ctx, bbox } = u;
  let drawn = 0;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  lines.forEach((line, index) => {
    const ink = inkOf(inks, line);
    const colour = line.compared ? translucent(ink, COMPARED) : ink;
    const hatch = line.partial.length ? hatchOf(colour) : colour;
    ctx.strokeStyle = colour;
    for (const row of visibleRows(u, line)) {
      const bar = boxOf(u, line, row, index, lines.length);
      if (!bar) continue;
      // A hatch without an edge would hardly be seen.
      const isHatched = line.partial.includes(row) && hasInside(bar);
      ctx.fillStyle = isHatched ? hatch : colour;
      ctx.fillRect(...bar);
      if (isHatched) strokeInside(ctx, bar);
      drawn++;
    }
  });
  ctx.restore();
  return drawn;
}

/** Returns lines with each one after that of its point in the compared range. */
export function inPairs<L extends Pick<Line, "name" | "compared">>(lines: readonly L[]): L[] {
  const rowOf = new Map(lines.map(({ name }, row) => [name, row]));
  const pairOf = ({ name }: L) => rowOf.get(pointName(name)) ?? 0;
  return [...lines].sort((a, b) => pairOf(a) - pairOf(b) || Number(b.compared) - Number(a.compared));
}

type Box = [left: number, top: number, width: number, height: number];

function boxOf(u: uPlot, line: Line, row: number, index: number, count: number): Box | undefined {
  const value = line.values[row] as number;
  if (!Number.isFinite(value)) return undefined;
  const scale = scaleOf(line.unit);
  const start = u.valToPos(line.times[row] as number, "x", true);
  const end = u.valToPos(line.ends[row] as number, "x", true);
  const [left, width] = barOf(start, end, index, count);
  const [base, top] = [u.valToPos(0, scale, true), u.valToPos(value * line.factor, scale, true)];
  // A value near 0 is still seen, but 0 is not.
  const height = value ? Math.max(uPlot.pxRatio, Math.abs(base - top)) : 0;
  return [left, value > 0 ? base - height : base, width, height];
}

/** Whether a bar is larger than its edges. */
function hasInside([, , width, height]: Box): boolean {
  return Math.min(width, height) > 2 * uPlot.pxRatio;
}

/** Draws the edge of a bar whose bucket is not over. */
function strokeInside(ctx: CanvasRenderingContext2D, [left, top, width, height]: Box): void {
  const edge = uPlot.pxRatio;
  ctx.lineWidth = edge;
  ctx.strokeRect(left + edge / 2, top + edge / 2, width - edge, height - edge);
}

/** Returns the least and the greatest value of the bars of a scale in view, with 0; undefined without bars. */
export function barExtent({ chart }: PlotContext, u: uPlot, scale: string): [number, number] | undefined {
  const lines = chart().lines.filter(({ draw, unit }) => draw === "bars" && scaleOf(unit) === scale);
  if (!lines.length) return undefined;
  let [least, greatest] = [0, 0];
  for (const line of lines) {
    for (const row of visibleRows(u, line)) {
      const value = (line.values[row] as number) * line.factor;
      if (!Number.isFinite(value)) continue;
      least = Math.min(least, value);
      greatest = Math.max(greatest, value);
    }
  }
  return [least, greatest];
}

/** Returns the rows whose bucket is at least partly in view. */
function* visibleRows(u: uPlot, { times, ends }: Line): Iterable<number> {
  const { min, max } = u.scales.x as uPlot.Scale;
  if (min == null || max == null) return;
  for (let row = Math.max(0, indexFrom(times, min) - 1); row < times.length; row++) {
    if ((times[row] as number) >= max) return;
    if ((ends[row] as number) > min) yield row;
  }
}

/** Returns the bucket in force at a time, of the first line with bars that has one. */
export function bucketAt({ chart }: PlotContext, time: number): { from: number; to: number } | undefined {
  for (const { draw, times, ends } of chart().lines) {
    if (draw !== "bars") continue;
    const row = indexFrom(times, time + 1) - 1;
    const [from, to] = [times[row], ends[row]];
    if (from !== undefined && to !== undefined && time < to) return { from, to };
  }
  return undefined;
}
