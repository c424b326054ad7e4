import type { Point } from "../../../api/types";

type Props = { points: readonly Point[]; keyOf?: (name: string) => string };

/** The entries of a menu of points. */
export function PointOptions({ points, keyOf = (name) => name }: Props) {
  return (
    <>
      {points.map(({ point_name: name, display_name }) => (
        <option key={name} value={keyOf(name)}>
          {display_name || name}
        </option>
      ))}
    </>
  );
}
