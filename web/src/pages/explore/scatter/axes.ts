// Which points are on the axes of a scatter.

import type { Point } from "../../../api/types";
import type { TabState } from "../tabs/state";

export type Axis = "x" | "y";

type Choice = Pick<TabState, Axis | "swapped">;

/** Returns the points of the axes before they are swapped: those chosen, else the first that are free. */
export function pointsOfAxes(points: readonly Point[], { x, y }: Choice): [Point, Point] | undefined {
  const named = (name: string) => points.find(({ point_name }) => point_name === name);
  const up = named(y);
  const first = named(x) ?? points.find((point) => point !== up);
  const second = up && up !== first ? up : points.find((point) => point !== first);
  return first && second && [first, second];
}

/** Returns the choice in which a point is on an axis, given those on both; the point of the other axis swaps them. */
export function withAxis(
  [x, y]: [Point, Point],
  axis: Axis,
  name: string,
  swapped: boolean,
): Partial<Choice> {
  const names = { x: x.point_name, y: y.point_name };
  if (name === names[axis === "x" ? "y" : "x"]) return { swapped: !swapped };
  return { ...names, [axis]: name, swapped: false };
}
