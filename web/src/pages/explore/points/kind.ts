// What the kind of a point means on the page.

import type { Point } from "../../../api/types";
import { formatValue } from "../format";

/** Whether a value stays until the next sample, so that its line has steps. */
export function isStepped({ kind }: Point): boolean {
  return kind === "binary" || kind === "multistate" || kind === "setpoint";
}

/** Returns the kind with what was set for the point: counter, rollover 99,999. */
export function kindText({ kind, rollover, states = {} }: Point): string {
  const numbers = Object.entries(states).map(([state, value]) => `${state} = ${formatValue(value)}`);
  return [kind, ...(rollover === undefined ? [] : [`rollover ${formatValue(rollover)}`]), ...numbers].join(
    ", ",
  );
}
