// What the kind of a point means on the page.

import type { Point } from "../../../api/types";
import type { Chosen } from "../data/line";
import { formatValue } from "../format";

const BINARY_STATES: ReadonlyMap<number, string> = new Map([
  [0, "Off"],
  [1, "On"],
]);
/** A sample stays in force for this many intervals, as in the API; an unknown interval is 6 minutes. */
const HELD_INTERVALS = 2.5;
const UNKNOWN_SECONDS = 360;

/** Returns how the samples of a point are drawn. */
export function drawOf({ kind }: Point): Chosen["draw"] {
  if (kind === "binary" || kind === "multistate") return "lane";
  return kind === "setpoint" ? "steps" : "line";
}

/** Returns the names of a point's states by their numbers. */
export function statesOf({ kind, states = {} }: Point): Chosen["states"] {
  const named = new Map(Object.entries(states).map(([name, value]) => [value, name]));
  return !named.size && kind === "binary" ? BINARY_STATES : named;
}

/** Returns how long a sample of a point stays in force without another, in ms. */
export function holdOf({ interval_seconds: seconds }: Point): number {
  return HELD_INTERVALS * 1000 * (seconds ?? UNKNOWN_SECONDS);
}

/** Returns the kind with what was set for the point: counter, rollover 99,999. */
export function kindText({ kind, rollover, states = {} }: Point): string {
  const numbers = Object.entries(states).map(([state, value]) => `${state} = ${formatValue(value)}`);
  return [kind, ...(rollover === undefined ? [] : [`rollover ${formatValue(rollover)}`]), ...numbers].join(
    ", ",
  );
}

/** Returns what is drawn of a point's buckets: only analog readings have a mean. */
export function bucketMeasure({ kind }: Point): "mean" | "last" {
  return kind === "analog" ? "mean" : "last";
}

/** Returns what a bucket of a point is when it is set against another point's: of a counter what it rose by. */
export function pairedMeasure(point: Point): "mean" | "last" | "increase" {
  return point.kind === "counter" ? "increase" : bucketMeasure(point);
}
