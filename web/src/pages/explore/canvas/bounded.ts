/** Returns the nearest value of [low, high]; `low` when that is empty. */
export function bounded(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
