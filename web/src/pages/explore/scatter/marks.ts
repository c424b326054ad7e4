// Pairs inside a rectangle, and their times.

import { bounded } from "../../../ui/bounded";
import type { Span } from "../range/range";
import { BUCKET_MS, type Pairs } from "./pairs";

/** A rectangle in the units of the points, edges included. */
export type Box = { x: [low: number, high: number]; y: [low: number, high: number] };

/** Returns the indexes of the pairs inside. */
export function inside({ x, y }: Pairs, box: Box): number[] {
  const indexes: number[] = [];
  for (let index = 0; index < x.length; index++) {
    if (within(x[index] as number, box.x) && within(y[index] as number, box.y)) indexes.push(index);
  }
  return indexes;
}

function within(value: number, [low, high]: [number, number]): boolean {
  return low <= value && value <= high;
}

/** Returns the buckets that begin at ascending times as spans; buckets that touch are one span. */
export function spansOf(times: readonly number[]): Span[] {
  const spans: Span[] = [];
  for (const time of times) {
    const last = spans.at(-1);
    if (last && last.to >= time) last.to = time + BUCKET_MS;
    else spans.push({ from: time, to: time + BUCKET_MS });
  }
  return spans;
}

/** A rectangle in shares (0 to 1) of the plot, from its left and its top. */
export type Brush = { left: number; right: number; top: number; bottom: number };

const STEP = 0.04;
const SMALLEST = 0.02;
const MIDDLE: Brush = { left: 0.35, right: 0.65, top: 0.35, bottom: 0.65 };

const ARROWS: Record<string, [x: number, y: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Returns the brush after an arrow key, which moves it or, with shift, its right or lower edge. */
export function brushByKey(brush: Brush | undefined, key: string, shift: boolean): Brush | undefined {
  const arrow = ARROWS[key];
  if (!arrow) return undefined;
  if (!brush) return MIDDLE;
  const [x, y] = arrow;
  if (shift)
    return {
      ...brush,
      right: bounded(brush.right + x * STEP, brush.left + SMALLEST, 1),
      bottom: bounded(brush.bottom + y * STEP, brush.top + SMALLEST, 1),
    };
  const across = bounded(x * STEP, -brush.left, 1 - brush.right);
  const down = bounded(y * STEP, -brush.top, 1 - brush.bottom);
  return {
    left: brush.left + across,
    right: brush.right + across,
    top: brush.top + down,
    bottom: brush.bottom + down,
  };
}
