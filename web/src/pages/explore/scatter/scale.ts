// The axes of a scatter: any finite values have a position between 0 and 1.

export type Scale = { min: number; max: number };

const MARGIN = 0.04;

/** Returns a scale with a margin around the values; of equal values it is a band around them. */
export function scaleOf(values: readonly number[]): Scale {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return { min: 0, max: 1 };
  const half = high / 2 - low / 2;
  const margin = 2 * MARGIN * half || Math.abs(high) * MARGIN || 1;
  return { min: finite(low - margin), max: finite(high + margin) };
}

/** Returns the position of a value; halves, because the difference of two doubles may overflow. */
export function positionOf({ min, max }: Scale, value: number): number {
  return (value / 2 - min / 2) / (max / 2 - min / 2);
}

export function valueAt({ min, max }: Scale, position: number): number {
  return min * (1 - position) + max * position;
}

/** Returns about `count` round values within the scale, and their distance. */
export function ticksOf({ min, max }: Scale, count: number): { values: number[]; step: number } {
  const rough = (max / 2 - min / 2) / (Math.max(1, count) / 2);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power > rough * (1 - 1e-9)) ?? 10);
  const first = Math.ceil(min / step);
  const values: number[] = [];
  for (let tick = first; tick * step <= max && values.length <= 2 * count; tick++) values.push(tick * step);
  return { values, step };
}

function finite(value: number): number {
  return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, value));
}
