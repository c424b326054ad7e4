import { useContext, useRef } from "preact/hooks";
import { counted, number, times } from "../../../ui/format";
import { useCanvas } from "../canvas/use-canvas";
import { useInks } from "../canvas/use-inks";
import { type Size, useSize } from "../canvas/use-size";
import type { Span } from "../range/range";
import { SiteZone } from "../site-zone";

type Props = {
  span: Span;
  spans: Span[];
  /** The number of marked pairs; undefined without a rectangle. */
  pairs: number | undefined;
  onClear: () => void;
};

/** The times of the marked pairs within the range, as a strip. */
export function Timeline({ span, spans, pairs, onClear }: Props) {
  const timeZone = useContext(SiteZone);
  const host = useRef<HTMLDivElement>(null);
  const size = useSize(host);
  const theme = useInks(host);
  const ink = theme?.inks.lines[0];
  const canvas = useCanvas(size, (ctx, area) => paintSpans(ctx, area, span, spans, ink ?? ""), [
    span,
    spans,
    ink,
  ]);
  const [first, last] = [spans[0], spans.at(-1)];
  return (
    <div class="timeline" data-marked={pairs ?? 0} data-spans={JSON.stringify(spans.slice(0, 50))}>
      <p aria-live="polite">
        {first && last
          ? `${number(pairs ?? 0)} marked in ${counted(spans.length, "span")}, ${times(first.from, last.to, timeZone)}`
          : pairs === 0
            ? "No pair in the rectangle."
            : "Drag over the dots to mark them: their times appear here and in the chart."}
      </p>
      {pairs !== undefined && (
        <button type="button" class="quiet" onClick={onClear}>
          Clear
        </button>
      )}
      <div class="strip" ref={host}>
        <canvas ref={canvas} />
      </div>
    </div>
  );
}

const SPANS_PER_STEP = 500;

function* paintSpans(
  ctx: CanvasRenderingContext2D,
  { width, height }: Size,
  { from, to }: Span,
  spans: Span[],
  ink: string,
): Generator<void> {
  ctx.fillStyle = ink;
  const pixels = width / (to - from);
  for (const [index, marked] of spans.entries()) {
    ctx.fillRect((marked.from - from) * pixels, 0, Math.max(1, (marked.to - marked.from) * pixels), height);
    if (index % SPANS_PER_STEP === 0) yield;
  }
}
