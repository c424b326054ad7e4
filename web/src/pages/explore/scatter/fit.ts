// The line of least squares through pairs.

/** `slope`, `intercept` and `r2` are null when all x are equal, as of no pair or one. */
export type Fit = { n: number; slope: number | null; intercept: number | null; r2: number | null };

/** Returns the fit from sums around the means, so that large offsets cost no digits. */
export function fitOf(x: readonly number[], y: readonly number[]): Fit {
  const n = x.length;
  const [first, second] = [centred(x), centred(y)];
  const xx = sumOfProducts(first.values, first.values);
  if (!(xx > 0)) return { n, slope: null, intercept: null, r2: null };
  const xy = sumOfProducts(first.values, second.values);
  const yy = sumOfProducts(second.values, second.values);
  const slope = (xy / xx) * (second.scale / first.scale);
  // Values that are all equal are on their line.
  const r2 = yy > 0 ? ((xy / xx) * xy) / yy : 1;
  return { n, slope, intercept: second.mean - slope * first.mean, r2: Math.min(1, r2) };
}

/** Returns the mean, and the distances from it in units of `scale`, a power of two: no square overflows. */
function centred(values: readonly number[]): { mean: number; scale: number; values: number[] } {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  const scale = largest > 0 ? 2 ** Math.floor(Math.log2(largest)) : 1;
  const scaled = values.map((value) => value / scale);
  const rough = total(scaled) / values.length;
  const distances = scaled.map((value) => value - rough);
  // What rounding has left out of the mean.
  const remainder = total(distances) / values.length;
  const mean = (rough + remainder) * scale;
  return { mean, scale, values: distances.map((value) => value - remainder) };
}

function total(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function sumOfProducts(first: readonly number[], second: readonly number[]): number {
  let sum = 0;
  for (let index = 0; index < first.length; index++)
    sum += (first[index] as number) * (second[index] as number);
  return sum;
}
