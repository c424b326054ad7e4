import { describe, expect, test } from "vitest";
import { unlisted } from "../src/pages/explore/points/lookup";
import { type Axis, pointsOfAxes, withAxis } from "../src/pages/explore/scatter/axes";
import { wholes } from "./doubles";

const NAMES = ["a", "b", "c", "d"];
const SEEDS = Array.from({ length: 300 }, (_, seed) => seed);

/** Returns points and a choice of axes, which may name points that are not selected. */
function selectionOf(seed: number) {
  const draw = wholes(seed);
  const points = NAMES.slice(0, draw(5)).map(unlisted);
  const name = () => ["", ...NAMES][draw(5)] as string;
  return { points, choice: { x: name(), y: name(), swapped: draw(2) === 1 }, draw };
}

describe("the axes of a scatter", () => {
  test("are two of the points, those chosen where there are such", () => {
    for (const seed of SEEDS) {
      const { points, choice } = selectionOf(seed);
      const pair = pointsOfAxes(points, choice)?.map(({ point_name }) => point_name);
      expect(pair !== undefined).toBe(points.length > 1);
      if (!pair) continue;
      const names = points.map(({ point_name }) => point_name);
      expect(new Set(pair).size).toBe(2);
      expect(names).toEqual(expect.arrayContaining(pair));
      if (names.includes(choice.x)) expect(pair[0]).toBe(choice.x);
      if (names.includes(choice.y) && choice.x !== choice.y) expect(pair[1]).toBe(choice.y);
    }
  });

  test("are the first two points without a choice", () => {
    const points = NAMES.map(unlisted);
    expect(pointsOfAxes(points, { x: "", y: "", swapped: false })).toEqual(points.slice(0, 2));
  });

  test("a point that is chosen is on its axis, and the other axis stays unless it had the point", () => {
    for (const seed of SEEDS) {
      const { points, choice, draw } = selectionOf(seed);
      const pair = pointsOfAxes(points, choice);
      if (!pair) continue;
      const shown = (of: typeof choice) => {
        const [first, second] = pointsOfAxes(points, of) ?? pair;
        return (of.swapped ? [second, first] : [first, second]).map(({ point_name }) => point_name);
      };
      const before = shown(choice);
      const [axis, other] = draw(2) ? [0, 1] : [1, 0];
      const name = points[draw(points.length)]?.point_name ?? "";
      const axes: typeof pair = choice.swapped ? [pair[1], pair[0]] : pair;
      const after = shown({ ...choice, ...withAxis(axes, "xy"[axis] as Axis, name, choice.swapped) });
      expect(after[axis]).toBe(name);
      expect(after[other]).toBe(name === before[other] ? before[axis] : before[other]);
    }
  });
});
