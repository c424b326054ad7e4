// Draws the bands of aggregates, from minimum to maximum, behind the lines.

import type uPlot from "uplot";
import { scaleOf } from "../data/axes";
import type { Line } from "../data/line";
import { indexFrom } from "../data/line-value";
import type { PlotContext } from "./context";
import { inkOf, translucent } from "./inks";

/** A pixel column of a band, or null where the band breaks. */
type Column = { x: number; top: number; bottom: number } | null;

export function drawBands({ chart, inks }: PlotContext, u: uPlot): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const line of chart().lines) {
    if (line.draw !== "line" || !line.low.length) continue;
    ctx.fillStyle = translucent(inkOf(inks, line));
    ctx.beginPath();
    outline(ctx, columnsOf(u, line));
    ctx.fill();
  }
  ctx.restore();
}

/** Adds the outline of each unbroken part: forward along its top, back along its bottom. */
function outline(ctx: CanvasRenderingContext2D, columns: Column[]): void {
  let part: NonNullable<Column>[] = [];
  for (const column of [...columns, null]) {
    if (column) {
      part.push(column);
      continue;
    }
    for (const { x, top } of part) ctx.lineTo(x, top);
    for (const { x, bottom } of part.reverse()) ctx.lineTo(x, bottom);
    const [first] = part;
    if (first) ctx.moveTo(first.x, first.top);
    part = [];
  }
}

function columnsOf(u: uPlot, line: Line): Column[] {
  const { times, low, high } = line;
  const xOf = positionsOf(u, "x", 1);
  const yOf = positionsOf(u, scaleOf(line.unit), line.factor);
  const breaks = line.gaps.map(({ from, to }) => (from + to) / 2);
  const columns: Column[] = [];
  const [first, end] = visible(u, line);
  let next = 0;
  let last = columns.at(-1);
  for (let row = Math.max(0, first - 1); row < Math.min(times.length, end + 1); row++) {
    const time = times[row] as number;
    const [top, bottom] = [yOf(high[row] as number), yOf(low[row] as number)];
    const isKnown = Number.isFinite(bottom - top);
    if (!isKnown || (next < breaks.length && (breaks[next] as number) < time)) {
      columns.push(null);
      last = undefined;
      while (next < breaks.length && (breaks[next] as number) < time) next++;
      if (!isKnown) continue;
    }
    const x = Math.round(xOf(time));
    if (last?.x === x) {
      last.top = Math.min(last.top, top);
      last.bottom = Math.max(last.bottom, bottom);
    } else {
      last = { x, top, bottom };
      columns.push(last);
    }
  }
  return columns;
}

/** Returns the positions of values times `factor` on a scale, in canvas pixels. */
function positionsOf(u: uPlot, key: string, factor: number): (value: number) => number {
  const { min, max } = u.scales[key] as { min: number; max: number };
  const [start, end] = [u.valToPos(min, key, true), u.valToPos(max, key, true)];
  // Divides first, for the difference times the pixels may overflow.
  return (value) => start + ((value * factor - min) / (max - min)) * (end - start);
}

/** Returns the least and the greatest value of the bands of a scale in view; undefined without bands. */
export function bandExtent({ chart }: PlotContext, u: uPlot, scale: string): [number, number] | undefined {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const line of chart().lines) {
    if (line.draw !== "line" || scaleOf(line.unit) !== scale) continue;
    const [first, end] = visible(u, line);
    for (let row = first; row < Math.min(end, line.low.length); row++) {
      const [low, high] = [(line.low[row] as number) * line.factor, (line.high[row] as number) * line.factor];
      if (Number.isFinite(low) && low < least) least = low;
      if (Number.isFinite(high) && high > greatest) greatest = high;
    }
  }
  return least <= greatest ? [least, greatest] : undefined;
}

/** Returns the rows in view: the first, and the one after the last. */
function visible(u: uPlot, { times }: Line): [number, number] {
  const { min, max } = u.scales.x as uPlot.Scale;
  return min == null || max == null ? [0, 0] : [indexFrom(times, min), indexFrom(times, max + 1)];
}
