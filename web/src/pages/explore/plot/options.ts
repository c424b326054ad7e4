// The uPlot options of a plot.

import type uPlot from "uplot";
import { timeLabels } from "../format";
import type { PlotContext } from "./context";
import { bandsOf, rowAt, seriesOf } from "./series";
import { timeTicks } from "./time-ticks";
import { yAxes, yScales } from "./y-axes";

const TIME_AXIS = 42;

export type PlotHooks = { onBack: () => void; hooks: uPlot.Hooks.Arrays };

export function optionsOf(context: PlotContext, host: HTMLElement, events: PlotHooks): uPlot.Options {
  return {
    width: Math.max(1, host.clientWidth),
    height: Math.max(1, host.clientHeight),
    ms: 1,
    padding: [context.axes.some(({ unit }) => unit) ? 22 : 10, null, 0, null],
    legend: { show: false },
    scales: { x: { time: true, range: (_u, min, max) => [min, max] }, ...yScales(context) },
    axes: axesOptions(context),
    series: seriesOf(context),
    bands: bandsOf(context),
    cursor: cursorOf(context, events.onBack),
    hooks: events.hooks,
  };
}

function axesOptions(context: PlotContext): uPlot.Axis[] {
  const { timeZone, inks } = context;
  const { text, grid } = inks;
  const labels = timeLabels(timeZone);
  const line = { stroke: grid, width: 1 };
  const common: uPlot.Axis = {
    font: "11px system-ui, sans-serif",
    stroke: text,
    grid: line,
    ticks: { ...line, size: 5 },
  };
  const timeAxis: uPlot.Axis = {
    ...common,
    size: TIME_AXIS,
    grid: { ...line, show: false },
    space: 64,
    splits: (_u, _axis, min, max, step) => timeTicks(min, max, step, timeZone),
    values: (_u, splits, _axis, _space, step) => labels(splits, step),
  };
  return [timeAxis, ...yAxes(context, common)];
}

function cursorOf(context: PlotContext, onBack: () => void): uPlot.Cursor {
  return {
    y: false,
    // The dots mark the samples that the tooltip shows.
    dataIdx: (u, column, _closest, time) => rowAt(context, u, column, time) as number,
    drag: { x: true, y: false, setScale: false, dist: 5 },
    points: {
      size: (_u, column) => (context.chart().lines.some((line) => line.column === column) ? 7 : 0),
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
