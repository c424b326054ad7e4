/** Returns the nearest value from `low` to `high`; `low` when they are in the wrong order. */
export function bounded(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
