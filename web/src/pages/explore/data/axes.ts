// Axes and scales by unit, colours by point.

import { symbol } from "../units";
import type { Chosen } from "./line";

export type Axes = { unit: string; scale: string; side: 1 | 3 }[];

/** Returns axes for the first `limit` units, on alternating sides; other units have a scale without an axis. */
export function axesOf(chosen: readonly Pick<Chosen, "unit">[], limit: number): Axes {
  const units = [...new Set(chosen.map(({ unit }) => symbol(unit)))];
  return units.slice(0, limit).map((unit, index) => ({
    unit,
    scale: scaleOf(unit),
    side: index % 2 ? 1 : 3,
  }));
}

export function scaleOf(unit: string): string {
  return `y ${symbol(unit)}`;
}

/** Returns the colours of points: a selected point keeps its colour, a new point takes the first free colour. */
export function slotsOf(names: string[], before: ReadonlyMap<string, number>): Map<string, number> {
  const slots = new Map(
    names.filter((name) => before.has(name)).map((name) => [name, before.get(name) ?? 0]),
  );
  const taken = new Set(slots.values());
  let free = 0;
  for (const name of names) {
    if (slots.has(name)) continue;
    while (taken.has(free)) free++;
    taken.add(free);
    slots.set(name, free);
  }
  return slots;
}
