import type { Point } from "../../../api/types";
import { pointTitle } from "./title";

type Props = { points: readonly Point[]; keyOf?: (name: string) => string };

/** The entries of a menu of points. */
export function PointOptions({ points, keyOf = (name) => name }: Props) {
  return (
    <>
      {points.map((point) => (
        <option key={point.point_name} value={keyOf(point.point_name)}>
          {pointTitle(point)}
        </option>
      ))}
    </>
  );
}
