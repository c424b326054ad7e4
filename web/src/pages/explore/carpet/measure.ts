// What the cells of a point are.

import type { Point } from "../../../api/types";
import { formatValue } from "../format";
import { pairedMeasure } from "../points/kind";
import { symbol } from "../units";

export type CellMeasure = "mean" | "increase" | "runtime" | "last";

/** Returns the measure of cells: the total of what has one, else what is drawn of buckets. */
export function cellMeasure(point: Point): CellMeasure {
  return point.kind === "binary" ? "runtime" : pairedMeasure(point);
}

/** Returns what a cell shows, as in "hourly mean". */
export function measureText(measure: CellMeasure): string {
  return {
    mean: "Mean of each hour",
    increase: "Increase in each hour",
    runtime: "Share of each hour on",
    last: "Last value of each hour",
  }[measure];
}

/** Returns a value of a cell with its unit; a runtime is a share. */
export function cellText(value: number, measure: CellMeasure, unit: string): string {
  if (measure === "runtime") return `${Math.round(1000 * value) / 10} %`;
  const text = formatValue(value);
  return symbol(unit) ? `${text} ${symbol(unit)}` : text;
}
