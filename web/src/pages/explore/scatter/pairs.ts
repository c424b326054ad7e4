// Pairs of two points: the values of the same bucket.

import { MINUTE, type Span } from "../range/range";

/** The length of a bucket, and the API's name of it. */
export const BUCKET_MS = 15 * MINUTE;
export const RESOLUTION = "15m";

/** The values of a point by the start of their bucket, in ascending order. */
export type Column = { times: readonly number[]; values: readonly number[] };

export type Pairs = { times: readonly number[]; x: readonly number[]; y: readonly number[] };

/** Returns the pairs of the buckets in which both points have a finite value. */
export function pairsOf(first: Column, second: Column): Pairs {
  const [times, x, y]: [number[], number[], number[]] = [[], [], []];
  for (let [i, j] = [0, 0]; i < first.times.length && j < second.times.length; ) {
    const [a, b] = [first.times[i] as number, second.times[j] as number];
    const [across, up] = [first.values[i] as number, second.values[j] as number];
    if (a === b && Number.isFinite(across) && Number.isFinite(up)) {
      times.push(a);
      x.push(across);
      y.push(up);
    }
    if (a <= b) i++;
    if (b <= a) j++;
  }
  return { times, x, y };
}

export function swapped({ times, x, y }: Pairs): Pairs {
  return { times, x: y, y: x };
}

/** Returns how many buckets overlap the span and began before `now`. */
export function bucketsBegun({ from, to }: Span, now: number): number {
  return Math.max(0, Math.ceil(Math.min(to, now) / BUCKET_MS) - Math.floor(from / BUCKET_MS));
}

/** Returns spans of whole buckets of at most `days`, which together cover the span. */
export function slicesOf({ from, to }: Span, days: number): Span[] {
  const length = days * 96 * BUCKET_MS;
  const slices: Span[] = [];
  for (let start = from; start < to; ) {
    const end = Math.min(to, Math.floor(start / BUCKET_MS) * BUCKET_MS + length);
    slices.push({ from: start, to: end });
    start = end;
  }
  return slices;
}

/** Returns columns one after another; a bucket that two of them have is in the result once. */
export function concatenated(columns: readonly Column[]): Column {
  const [times, values]: [number[], number[]] = [[], []];
  let last = Number.NEGATIVE_INFINITY;
  for (const column of columns) {
    column.times.forEach((time, index) => {
      if (time <= last) return;
      last = time;
      times.push(time);
      values.push(column.values[index] as number);
    });
  }
  return { times, values };
}
