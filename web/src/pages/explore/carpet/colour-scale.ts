// The colours of values: a straight line in OKLab from blue to yellow, so equal steps look equal, also to
// colour-blind people. High values stand out from the page.

import { css, type Lab, mixed } from "../canvas/lab";
import type { Row } from "./cells";
import type { CellMeasure } from "./measure";

const BLUE: Lab = [0.3, -0.01, -0.14];
const YELLOW: Lab = [0.92, -0.02, 0.15];
const COLOURS = 256;

/** The values of the first and the last colour; `clamped` when values lie beyond them. */
export type Domain = { low: number; high: number; clamped: boolean };

/** Returns the colours from low to high. */
export function coloursOf(dark: boolean): string[] {
  const [low, high] = dark ? [BLUE, YELLOW] : [YELLOW, BLUE];
  return Array.from({ length: COLOURS }, (_, index) => css(mixed(low, high, index / (COLOURS - 1))));
}

/** Returns the 1st and the 99th percentile, so that a spike does not take all colours; shares are 0 to 1. */
export function domainOf(rows: Row[], measure: CellMeasure): Domain | undefined {
  const cells = rows.flatMap((row) => row.cells);
  // An array of doubles sorts much faster than one of any values.
  const values = new Float64Array(
    cells.flatMap((cell) => (cell.kind === "value" ? [cell.value] : [])),
  ).sort();
  const [smallest, largest] = [values[0], values.at(-1)];
  if (smallest === undefined || largest === undefined) return undefined;
  if (measure === "runtime") return { low: 0, high: 1, clamped: false };
  const [low, high] = [quantile(values, 0.01), quantile(values, 0.99)];
  return { low, high, clamped: smallest < low || largest > high };
}

/** Returns a quantile of ascending values, interpolated between the two nearest. */
export function quantile(values: ArrayLike<number>, share: number): number {
  const position = (values.length - 1) * share;
  const below = Math.floor(position);
  const [low, high] = [values[below] as number, values[Math.min(below + 1, values.length - 1)] as number];
  const weight = position - below;
  return weight ? low * (1 - weight) + high * weight : low;
}

/** Returns the index of the colour of a value; of equal values it is the middle one. */
export function colourIndex({ low, high }: Domain, value: number): number {
  const half = high / 2 - low / 2;
  const share = half > 0 ? (value / 2 - low / 2) / half : 0.5;
  return Math.round((COLOURS - 1) * Math.min(1, Math.max(0, share)));
}
