// Colours of the dots: by the hour of the local day, by a state, or one for all.

import { offsetPeriods } from "../../../ui/zone";
import { css, type Lab } from "../canvas/lab";
import { HOUR } from "../range/range";
import type { Column } from "./pairs";

/** The colours, and for each pair the index of its colour. */
export type Colouring = { colours: string[]; indexes: readonly number[] };

/** Returns 24 colours around a circle of lightness and yellow-blue, which colour-blind people tell apart. */
export function hourColours(dark: boolean): string[] {
  const middle = dark ? 0.7 : 0.56;
  return Array.from({ length: 24 }, (_, hour) => {
    const angle = (2 * Math.PI * (hour + 0.5)) / 24;
    // Mornings are blue, evenings orange, midnight dark and noon light.
    const evening = -Math.sin(angle);
    const colour: Lab = [middle - 0.17 * Math.cos(angle), 0.07 * Math.max(0, evening), 0.13 * evening];
    return css(colour);
  });
}

/** Returns the hour of the local day (0 to 23) of each of the ascending times. */
export function hoursOf(times: readonly number[], timeZone: string): number[] {
  const [first, last] = [times[0] ?? 0, times.at(-1) ?? 0];
  const periods = offsetPeriods(first, last + 1, timeZone);
  let period = 0;
  return times.map((time) => {
    while ((periods[period]?.to ?? time + 1) <= time) period++;
    const wall = time + (periods[period]?.offset ?? 0);
    return ((Math.floor(wall / HOUR) % 24) + 24) % 24;
  });
}

/** Off, on and unknown, in this order. */
export const STATES = ["off", "on", "no value"] as const;

/** Returns the state at each of the ascending times as an index of STATES. */
export function statesOf(times: readonly number[], column: Column): number[] {
  let row = 0;
  return times.map((time) => {
    while ((column.times[row] ?? time) < time) row++;
    if (column.times[row] !== time) return 2;
    return (column.values[row] as number) > 0.5 ? 1 : 0;
  });
}
