// Drawing beyond uPlot's lines and axes: units above the axes, and gaps behind the lines.

import uPlot from "uplot";
import type { GapSpan } from "../data/line";
import type { Span } from "../range/range";
import type { PlotContext } from "./context";
import { inkOf, translucent } from "./inks";
import { AXIS } from "./layout";

/** The height of the marks of one line's gaps. */
const MARK = 5;

/** Draws the unit above each axis. */
export function drawUnits({ chart, inks }: PlotContext, u: uPlot): void {
  const { ctx, bbox } = u;
  const ratio = uPlot.pxRatio;
  ctx.save();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.fillStyle = inks.text;
  ctx.textBaseline = "bottom";
  let [leftmost, rightmost] = [bbox.left - 8 * ratio, bbox.left + bbox.width + 8 * ratio];
  chart().axes.forEach(({ unit, side }, index) => {
    const size = ((u.axes[index + 1] as { _size?: number })._size ?? AXIS) * ratio;
    ctx.textAlign = side === 3 ? "right" : "left";
    ctx.fillText(unit, side === 3 ? leftmost : rightmost, bbox.top - 7 * ratio);
    if (side === 3) leftmost -= size;
    else rightmost += size;
  });
  ctx.restore();
}

/** Shades the times that are marked in another view. */
export function drawMarked({ chart, inks }: PlotContext, u: uPlot): void {
  const { ctx, bbox } = u;
  const { min, max } = u.scales.x as uPlot.Scale;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = translucent(inks.text, 0.22);
  for (const span of chart().marked ?? []) {
    if (span.to > (min ?? 0) && span.from < (max ?? 0)) fillMarked(u, span);
  }
  ctx.restore();
}

function fillMarked(u: uPlot, { from, to }: Span): void {
  const start = u.valToPos(from, "x", true);
  const width = Math.max(uPlot.pxRatio, u.valToPos(to, "x", true) - start);
  u.ctx.fillRect(start, u.bbox.top, width, u.bbox.height);
}

/** Hatches the gaps of all lines, and marks the gaps of single lines at the bottom in the line's colour. */
export function drawGaps(context: PlotContext, u: uPlot, hatch: CanvasPattern | string): void {
  const { ctx, bbox } = u;
  const { lines, gaps } = context.chart();
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.fillStyle = hatch;
  for (const gap of gaps) fillGap(u, gap, bbox.top, bbox.height);
  if (lines.length > 1) drawMarks(context, u);
  ctx.restore();
}

function drawMarks({ chart, inks }: PlotContext, u: uPlot): void {
  const { lines, gaps } = chart();
  const ratio = uPlot.pxRatio;
  const bottom = u.bbox.top + u.bbox.height;
  lines
    .map((line) => ({ line, single: line.gaps.filter((gap) => !within(gap, gaps)) }))
    .filter(({ single }) => single.length)
    .forEach(({ line, single }, index) => {
      u.ctx.fillStyle = translucent(inkOf(inks, line), 0.45);
      for (const gap of single) fillGap(u, gap, bottom - (index + 1) * MARK * ratio, (MARK - 2) * ratio);
    });
}

/** Fills the time of a gap, if it is wider than a pixel. */
export function fillGap(u: uPlot, gap: GapSpan, top: number, height: number): void {
  const start = u.valToPos(gap.from, "x", true);
  const end = u.valToPos(gap.to, "x", true);
  if (end - start >= uPlot.pxRatio) u.ctx.fillRect(start, top, end - start, height);
}

function within(gap: GapSpan, gaps: GapSpan[]): boolean {
  return gaps.some(({ from, to }) => from <= gap.from && gap.to <= to);
}
