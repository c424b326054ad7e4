// The uPlot series of lines.

import uPlot from "uplot";
import { scaleOf } from "../data/axes";
import { dashOf, type Line } from "../data/line";
import { indexFrom, valueAt } from "../data/line-value";
import type { PlotContext } from "./context";
import { inkOf, translucent } from "./inks";

export function seriesOf(context: PlotContext): uPlot.Series[] {
  const { lanes, lines } = context.chart();
  // Without a second series uPlot adds its own.
  if (lanes) return [{}, { show: false }];
  return [{}, ...lines.map((line, index) => lineSeries(context, line, index))];
}

function lineSeries({ chart, inks }: PlotContext, line: Line, index: number): uPlot.Series {
  const stroke = line.compared ? translucent(inkOf(inks, line), 0.4) : inkOf(inks, line);
  return {
    scale: scaleOf(line.unit),
    stroke,
    width: 1.5,
    ...pathsOf(line),
    dash: dashOf(line.slot),
    points: {
      size: 5,
      width: 0,
      fill: stroke,
      show: (u) => isSparse(u, chart().lines[index]),
      filter: (_u, _column, show) => (show ? null : (chart().lines[index]?.isolated ?? null)),
    },
  };
}

/** Returns the steps of a stepped line, and nothing for bars; uPlot connects the samples of other lines. */
function pathsOf({ draw }: Line): { paths?: uPlot.Series.PathBuilder } {
  if (draw === "bars") return { paths: () => null };
  const paths = draw === "steps" && uPlot.paths.stepped?.({ align: 1 });
  return paths ? { paths } : {};
}

/** Returns the table row of the sample that a column shows at a time. */
export function rowAt({ chart }: PlotContext, u: uPlot, column: number, time: number): number | null {
  const line = chart().lines.find((candidate) => candidate.column === column);
  const sample = line && valueAt(line, time);
  return sample?.kind === "sample" ? indexFrom(u.data[0] as number[], sample.time) : null;
}

/** Whether the visible samples are far enough apart for dots. */
function isSparse(u: uPlot, line: Line | undefined): boolean {
  const { min, max } = u.scales.x as uPlot.Scale;
  if (!line || line.draw === "bars" || min == null || max == null) return false;
  const rows = indexFrom(line.times, max) - indexFrom(line.times, min);
  return rows * 12 < u.bbox.width / uPlot.pxRatio;
}
