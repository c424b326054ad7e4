// The uPlot options of a plot.

import uPlot from "uplot";
import { timeLabels } from "../format";
import { DAY } from "../range/range";
import type { PlotContext } from "./context";
import { type Sides, TIME_AXIS, topPadding } from "./layout";
import { rowAt, seriesOf } from "./series";
import { fittingLabels, timeTicks } from "./time-ticks";
import { yAxes, yScales } from "./y-axes";

const FONT = "11px system-ui, sans-serif";
/** The room between panes. */
const GAP = 8;

export type PlotHooks = { onBack: () => void; hooks: uPlot.Hooks.Arrays };

/** `last` when the pane has the time axis of the chart. */
export type PaneFrame = { width: number; height: number; last: boolean; sides: Sides };

export function optionsOf(context: PlotContext, frame: PaneFrame, events: PlotHooks): uPlot.Options {
  const { width, height, last, sides } = frame;
  return {
    width: Math.max(1, width),
    height: Math.max(1, height),
    ms: 1,
    padding: [
      topPadding(context.chart()),
      (u) => sides.padding("right", takenBy(u, 1)),
      last ? 0 : GAP,
      (u) => sides.padding("left", takenBy(u, 3)),
    ],
    legend: { show: false },
    scales: { x: { time: true, range: (_u, min, max) => [min, max] }, ...yScales(context) },
    axes: axesOptions(context, last),
    series: seriesOf(context),
    cursor: cursorOf(context, events.onBack),
    hooks: events.hooks,
  };
}

/** Returns the width of the axes of a side. */
function takenBy(u: uPlot, side: 1 | 3): number {
  return u.axes.reduce(
    (sum, axis) => sum + (axis.show && axis.side === side ? ((axis as { _size?: number })._size ?? 0) : 0),
    0,
  );
}

function axesOptions(context: PlotContext, last: boolean): uPlot.Axis[] {
  const { timeZone, inks } = context;
  const { text, grid } = inks;
  const labels = timeLabels(timeZone);
  const line = { stroke: grid, width: 1 };
  const common: uPlot.Axis = {
    font: FONT,
    stroke: text,
    grid: line,
    ticks: { ...line, size: 5 },
  };
  const timeAxis: uPlot.Axis = {
    ...common,
    show: last,
    size: TIME_AXIS,
    grid: { ...line, show: false },
    space: 64,
    splits: (_u, _axis, min, max, step) => timeTicks(min, max, stepOf(context, step), timeZone),
    values: (u, splits, _axis, _space, step) => fitting(u, splits, labels(splits, stepOf(context, step))),
  };
  // Without a second axis uPlot adds its own.
  return [timeAxis, ...(context.chart().lanes ? [{ show: false }] : yAxes(context, common))];
}

/** Returns the step of ticks, which is at least a day where bars are days or longer. */
function stepOf({ chart }: PlotContext, step: number): number {
  const [bar] = chart().lines.filter(({ draw, times }) => draw === "bars" && times.length);
  // A day may have an hour less.
  const isLong = bar && (bar.ends[0] as number) - (bar.times[0] as number) > DAY / 2;
  return isLong ? Math.max(DAY, step) : step;
}

/** Returns the labels of times without what the edges of the canvas would cut. */
function fitting(u: uPlot, times: number[], labels: string[]): string[] {
  const { ctx, bbox, width } = u;
  ctx.save();
  ctx.font = FONT;
  const middles = times.map((time) => bbox.left / uPlot.pxRatio + u.valToPos(time, "x"));
  const result = fittingLabels(labels, middles, (line) => ctx.measureText(line).width, width);
  ctx.restore();
  return result;
}

/** Whether the cursor marks the samples of a column, as of lines, not of bars and bands. */
function hasDot({ chart }: PlotContext, column: number): boolean {
  return chart().lines.some((line) => line.column === column && line.draw !== "bars");
}

function cursorOf(context: PlotContext, onBack: () => void): uPlot.Cursor {
  return {
    y: false,
    // The dots mark the samples that the tooltip shows.
    dataIdx: (u, column, _closest, time) => rowAt(context, u, column, Math.round(time)) as number,
    drag: { x: true, y: false, setScale: false, dist: 5 },
    points: {
      size: (_u, column) => (hasDot(context, column) ? 7 : 0),
      width: 1,
      stroke: context.inks.ground,
    },
    bind: {
      mousedown: (_u, _target, handler) => (event) =>
        event.button === 0 && !event.shiftKey ? handler(event) : null,
      dblclick: () => () => {
        onBack();
        return null;
      },
    },
  };
}
