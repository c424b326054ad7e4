// The y axes of a plot and their scales, one scale per unit.

import uPlot from "uplot";
import { scaleOf } from "../data/axes";
import type { Line } from "../data/line";
import type { PlotContext } from "./context";
import { bandExtent } from "./draw-bands";
import { barExtent } from "./draw-bars";
import { inkOf } from "./inks";
import { AXIS } from "./layout";
import { rangeOf, type Ticks, ticksOf, wholeTicks } from "./scale";

/** Minimum distance between ticks in pixels. */
const TICK_SPACE = 36;

/** Returns the scale of each unit. */
export function yScales(context: PlotContext): Record<string, uPlot.Scale> {
  const scales: Record<string, uPlot.Scale> = {};
  for (const { unit } of context.chart().lines)
    scales[scaleOf(unit)] = {
      range: (u, min, max, scale) => {
        const drawn = [bandExtent(context, u, scale), barExtent(context, u, scale)];
        return rangeOf(...joined([min, max], drawn), factorOfScale(context, scale));
      },
    };
  return scales;
}

type Extent = [number | null, number | null];

/** Returns the extent of the values in view with those of bands and bars, which are not in the table or begin before. */
function joined(values: Extent, drawn: ([number, number] | undefined)[]): Extent {
  return drawn.reduce<Extent>(
    ([min, max], extent) =>
      extent ? [Math.min(min ?? extent[0], extent[0]), Math.max(max ?? extent[1], extent[1])] : [min, max],
    values,
  );
}

/** Returns the axes; the first has the grid, and `common` holds the options shared with the time axis. */
export function yAxes(context: PlotContext, common: uPlot.Axis): uPlot.Axis[] {
  const ticks = new Map<string, Ticks>();
  const { axes } = context.chart();
  return axes.map(({ scale, side }, index): uPlot.Axis => {
    const line = axes.length > 1 ? onlyLine(context, scale) : undefined;
    return {
      ...common,
      scale,
      side,
      size: (_u, labels) =>
        Math.max(AXIS, 14 + 6.5 * Math.max(0, ...(labels ?? []).map(({ length }) => length))),
      ...(line && { stroke: inkOf(context.inks, line) }),
      grid: { ...common.grid, show: index === 0 },
      // The steps of uPlot stop at 1e±32; `splits` replaces them.
      incrs: () => [Number.POSITIVE_INFINITY],
      splits: (u, _axis, min, max) => {
        const next = ticksOfScale(context, u, scale, min, max);
        ticks.set(scale, next);
        return next.values;
      },
      values: () => ticks.get(scale)?.labels ?? [],
    };
  });
}

/** Returns the only line of a scale, whose axis has the line's colour. */
function onlyLine({ chart }: PlotContext, scale: string): Line | undefined {
  const lines = chart().lines.filter(({ unit }) => scaleOf(unit) === scale);
  return lines.length === 1 ? lines[0] : undefined;
}

function ticksOfScale(context: PlotContext, u: uPlot, scale: string, min: number, max: number): Ticks {
  const height = u.bbox.height / uPlot.pxRatio;
  const lines = context.chart().lines.filter(({ unit }) => scaleOf(unit) === scale);
  const ticks = ticksOf(min, max, height / TICK_SPACE, factorOfScale(context, scale));
  const { values, labels } = lines.every(areCounts) ? wholeTicks(ticks) : ticks;
  const empty = !lines.some(({ times }) => times.length);
  return { values, labels: empty ? labels.map(() => "") : labels };
}

/** Whether a line has bars of whole numbers, such as starts. */
function areCounts({ draw, values, high }: Line): boolean {
  return draw === "bars" && [values, high].every((amounts) => amounts.every(Number.isInteger));
}

/** Returns the factor of a scale's values in the table. */
function factorOfScale({ chart }: PlotContext, scale: string): number {
  return chart().lines.find(({ unit }) => scaleOf(unit) === scale)?.factor ?? 1;
}
