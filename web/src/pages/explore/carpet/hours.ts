// The local hours of a span: the cells of a carpet.

import { DAY_MS } from "../../../ui/days";
import { offsetPeriods } from "../../../ui/zone";
import { HOUR, type Span } from "../range/range";

/** An hour of the local clock, or what of it has one offset; `day` counts from local 1970-01-01. */
export type LocalHour = Span & { day: number; hour: number };

/** Yields the local hours that the span touches, in order of time; a repeated hour occurs twice. */
export function* localHours({ from, to }: Span, timeZone: string): Generator<LocalHour> {
  for (const { offset, ...period } of offsetPeriods(from - HOUR, to + HOUR, timeZone)) {
    for (let wall = floor(period.from + offset, HOUR); wall < period.to + offset; wall += HOUR) {
      const start = Math.max(period.from, wall - offset);
      const end = Math.min(period.to, wall + HOUR - offset);
      if (start < to && end > from)
        yield { from: start, to: end, day: Math.floor(wall / DAY_MS), hour: hourOf(wall) };
    }
  }
}

function floor(value: number, step: number): number {
  return Math.floor(value / step) * step;
}

function hourOf(wall: number): number {
  return Math.floor((wall - floor(wall, DAY_MS)) / HOUR);
}
