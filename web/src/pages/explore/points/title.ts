import type { Point } from "../../../api/types";

/** Returns the name of a point that people read. */
export function pointTitle({ display_name, point_name }: Point): string {
  return display_name || point_name;
}
