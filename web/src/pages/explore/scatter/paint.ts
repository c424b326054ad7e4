// Painting of a scatter, in steps.

import { beginLabels } from "../canvas/labels";
import type { Size } from "../canvas/use-size";
import { axisValues } from "../format";
import type { Inks } from "../plot/inks";
import type { Colouring } from "./colours";
import type { Fit } from "./fit";
import type { Pairs } from "./pairs";
import { positionOf, type Scale, ticksOf } from "./scale";

export type Scales = { x: Scale; y: Scale };

/** Space around the dots, in pixels. */
export const MARGIN = { left: 56, right: 14, top: 10, bottom: 24 };
const DOTS_PER_STEP = 250;
/** More dots than this are smaller. */
const MANY = 4_000;

export type Frame = { left: number; top: number; width: number; height: number };

export function frameOf({ width, height }: Size): Frame {
  return {
    left: MARGIN.left,
    top: MARGIN.top,
    width: Math.max(1, width - MARGIN.left - MARGIN.right),
    height: Math.max(1, height - MARGIN.top - MARGIN.bottom),
  };
}

/** Paints the dots of all pairs. */
export function* paintScatter(
  ctx: CanvasRenderingContext2D,
  size: Size,
  pairs: Pairs,
  scales: Scales,
  colouring: Colouring,
): Generator<void> {
  const frame = frameOf(size);
  ctx.globalAlpha = pairs.x.length > MANY ? 0.55 : 0.75;
  yield* paintDots(ctx, frame, pairs, scales, colouring);
}

/** Paints the dots in order of time, those with one colour in a row at once. */
function* paintDots(
  ctx: CanvasRenderingContext2D,
  frame: Frame,
  { x, y }: Pairs,
  scales: Scales,
  { colours, indexes }: Colouring,
): Generator<void> {
  const radius = x.length > MANY ? 1.5 : 2.5;
  for (let start = 0; start < x.length; ) {
    const colour = indexes[start] ?? 0;
    ctx.fillStyle = colours[colour] as string;
    ctx.beginPath();
    let end = start;
    for (; end < x.length && end - start < DOTS_PER_STEP && (indexes[end] ?? 0) === colour; end++) {
      const [left, top] = pixelOf(frame, scales, x[end] as number, y[end] as number);
      ctx.moveTo(left + radius, top);
      ctx.arc(left, top, radius, 0, 2 * Math.PI);
    }
    ctx.fill();
    start = end;
    yield;
  }
}

/** Paints the marked pairs, and the fit above them. */
export function* paintMarks(
  ctx: CanvasRenderingContext2D,
  size: Size,
  marked: Pairs,
  scales: Scales,
  colouring: Colouring,
  fit: Fit,
  inks: Inks,
): Generator<void> {
  const frame = frameOf(size);
  yield* paintDots(ctx, frame, marked, scales, colouring);
  paintFit(ctx, frame, scales, fit, inks);
}

function paintFit(
  ctx: CanvasRenderingContext2D,
  frame: Frame,
  scales: Scales,
  { slope, intercept }: Fit,
  inks: Inks,
): void {
  if (slope === null || intercept === null) return;
  const { min, max } = scales.x;
  ctx.save();
  ctx.beginPath();
  ctx.rect(frame.left, frame.top, frame.width, frame.height);
  ctx.clip();
  ctx.beginPath();
  ctx.moveTo(...pixelOf(frame, scales, min, intercept + slope * min));
  ctx.lineTo(...pixelOf(frame, scales, max, intercept + slope * max));
  for (const [ink, width] of [
    [inks.ground, 5],
    [inks.text, 2],
  ] as const) {
    ctx.strokeStyle = ink;
    ctx.lineWidth = width;
    ctx.stroke();
  }
  ctx.restore();
}

function pixelOf(frame: Frame, scales: Scales, x: number, y: number): [left: number, top: number] {
  return [
    frame.left + positionOf(scales.x, x) * frame.width,
    frame.top + (1 - positionOf(scales.y, y)) * frame.height,
  ];
}

/** Paints the grid and the labels. */
export function* paintAxes(
  ctx: CanvasRenderingContext2D,
  size: Size,
  scales: Scales,
  inks: Inks,
): Generator<void> {
  const { left, top, width, height } = frameOf(size);
  const across = ticksOf(scales.x, width / 70);
  const up = ticksOf(scales.y, height / 50);
  beginLabels(ctx, inks);
  ctx.strokeStyle = inks.grid;
  ctx.lineWidth = 1;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  labelled(across, (label, value) => {
    const x = Math.round(left + positionOf(scales.x, value) * width) + 0.5;
    line(ctx, [x, top], [x, top + height]);
    ctx.fillText(label, x, top + height + 7);
  });
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  labelled(up, (label, value) => {
    const y = Math.round(top + (1 - positionOf(scales.y, value)) * height) + 0.5;
    line(ctx, [left, y], [left + width, y]);
    ctx.fillText(label, left - 8, y);
  });
}

type Ticks = { values: number[]; step: number };

function labelled({ values, step }: Ticks, paint: (label: string, value: number) => void): void {
  const labels = axisValues(values, step);
  values.forEach((value, index) => {
    paint(labels[index] as string, value);
  });
}

function line(ctx: CanvasRenderingContext2D, from: [number, number], to: [number, number]): void {
  ctx.beginPath();
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
}
