// The times at which keys stop the cursor: samples, and the middle of gaps.

import type { Span } from "../range/range";
import type { Line } from "./line";
import { indexFrom } from "./line-value";

export type StopLine = Pick<Line, "times" | "gaps">;

/** `pixel` is the time that a pixel of the chart takes. */
export type StopView = { lines: readonly StopLine[]; span: Span; pixel: number };

/** The share of the span that a page moves by. */
const PAGE = 0.1;

/** Returns the time to which a key moves the cursor from a time, or shows it; undefined when it is no such key. */
export function stopByKey(
  view: StopView,
  { key, shiftKey }: Pick<KeyboardEvent, "key" | "shiftKey">,
  cursor: number | undefined,
): number | undefined {
  const { span, pixel } = view;
  if (key === "Home") return edge(view, 1);
  if (key === "End") return edge(view, -1);
  const page = PAGE * (span.to - span.from);
  if (key === "PageUp") return moved(view, cursor, -1, page);
  if (key === "PageDown") return moved(view, cursor, 1, page);
  if (shiftKey && key === "ArrowLeft") return moved(view, cursor, -1, pixel);
  if (shiftKey && key === "ArrowRight") return moved(view, cursor, 1, pixel);
  return undefined;
}

type Step = 1 | -1;

/** Returns the next stop at least `least` away, else the last one; without a cursor the first one. */
function moved(view: StopView, cursor: number | undefined, step: Step, least: number): number | undefined {
  if (cursor === undefined) return edge(view, step);
  return nearest(view, cursor + step * Math.max(1, least), step) ?? edge(view, step === 1 ? -1 : 1);
}

/** Returns the first stop of the span in a direction. */
function edge(view: StopView, step: Step): number | undefined {
  return nearest(view, step === 1 ? view.span.from : view.span.to, step);
}

/** Returns the stop in the span that is nearest to a time, at it or beyond it in a direction. */
function nearest({ lines, span }: StopView, time: number, step: Step): number | undefined {
  let result: number | undefined;
  for (const line of lines) {
    for (const stop of [sampleFrom(line, time, step), gapFrom(line, span, time, step)]) {
      if (stop === undefined || stop < span.from || stop > span.to) continue;
      if (result === undefined || step * (stop - result) < 0) result = stop;
    }
  }
  return result;
}

function sampleFrom({ times }: StopLine, time: number, step: Step): number | undefined {
  const index = indexFrom(times, time);
  return step === 1 || times[index] === time ? times[index] : times[index - 1];
}

/** Returns the middle of what is in view of a gap. */
function gapFrom({ gaps }: StopLine, { from, to }: Span, time: number, step: Step): number | undefined {
  const middles = gaps
    .filter((gap) => gap.from < to && gap.to > from)
    .map((gap) => Math.round((Math.max(from, gap.from) + Math.min(to, gap.to)) / 2));
  return step === 1 ? middles.find((middle) => middle >= time) : middles.findLast((middle) => middle <= time);
}
