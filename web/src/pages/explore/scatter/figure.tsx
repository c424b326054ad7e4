import { useMemo, useRef } from "preact/hooks";
import { useCanvas } from "../canvas/use-canvas";
import { type Theme, useInks } from "../canvas/use-inks";
import { usePicture } from "../canvas/use-picture";
import { type Size, useSize } from "../canvas/use-size";
import { ViewFigure } from "../canvas/view-figure";
import type { Colouring } from "./colours";
import type { Fit } from "./fit";
import { type Box, type Brush, inside } from "./marks";
import { frameOf, paintAxes, paintMarks, paintScatter, type Scales } from "./paint";
import type { Pairs } from "./pairs";
import { positionOf, scaleOf, valueAt } from "./scale";
import { useBrush } from "./use-brush";

type Props = {
  pairs: Pairs;
  fit: Fit;
  label: string;
  colouring: (theme: Theme) => Colouring;
  box: Box | undefined;
  onBox: (box: Box | undefined) => void;
  busy: boolean;
};

/** The dots with their fit; dragging or the arrow keys draw a rectangle around some. */
export function ScatterFigure({ pairs, fit, label, colouring, box, onBox, busy }: Props) {
  const host = useRef<HTMLElement>(null);
  const size = useSize(host);
  const theme = useInks(host);
  const scales = useMemo(() => ({ x: scaleOf(pairs.x), y: scaleOf(pairs.y) }), [pairs]);
  const brush = box && brushOf(box, scales);
  const { shown, handlers } = useBrush(host, size, brush, (next) => onBox(next && boxOf(next, scales)));
  const colours = useMemo(() => theme && colouring(theme), [theme, colouring]);
  return (
    <ViewFigure
      class="chart scatter"
      host={host}
      busy={busy}
      label="Scatter. Arrow keys draw and move a rectangle, with shift they resize it, Escape removes it."
      data-dots={pairs.x.length}
      {...handlers}
    >
      {theme && colours && (
        <Dots {...{ size, pairs, fit, scales, theme, colours, box, busy, label }} host={host} />
      )}
      {shown && <span class="brush" style={placeOf(shown, size)} aria-hidden="true" />}
    </ViewFigure>
  );
}

type DotsProps = Pick<Props, "pairs" | "fit" | "box" | "label" | "busy"> & {
  size: Size;
  scales: Scales;
  theme: Theme;
  colours: Colouring;
  host: { current: HTMLElement | null };
};

function Dots({ size, pairs, fit, scales, theme, colours, box, label, busy, host }: DotsProps) {
  const { inks } = theme;
  const marked = useMemo(
    () => (box ? chosen(pairs, colours, inside(pairs, box)) : NOTHING),
    [pairs, box, colours],
  );
  const axes = useCanvas(size, (ctx, area) => paintAxes(ctx, area, scales, inks), [scales, inks]);
  const base = usePicture(
    { host, busy, size },
    (ctx, area) => paintScatter(ctx, area, pairs, scales, colours),
    [pairs, scales, colours],
  );
  const above = useCanvas(
    size,
    (ctx, area) => paintMarks(ctx, area, marked.pairs, scales, marked.colouring, fit, inks),
    [marked, scales, fit, theme],
  );
  return (
    <>
      <canvas ref={axes} />
      <canvas ref={base} class={box ? "faded" : ""} role="img" aria-label={label} />
      <canvas ref={above} />
    </>
  );
}

type Chosen = { pairs: Pairs; colouring: Colouring };

const NOTHING: Chosen = { pairs: { times: [], x: [], y: [] }, colouring: { colours: [], indexes: [] } };

function chosen({ times, x, y }: Pairs, { colours, indexes }: Colouring, rows: number[]): Chosen {
  const select = (values: readonly number[]) => rows.map((row) => values[row] as number);
  return {
    pairs: { times: select(times), x: select(x), y: select(y) },
    colouring: { colours, indexes: rows.map((row) => indexes[row] ?? 0) },
  };
}

function boxOf({ left, right, top, bottom }: Brush, { x, y }: Scales): Box {
  return { x: [valueAt(x, left), valueAt(x, right)], y: [valueAt(y, 1 - bottom), valueAt(y, 1 - top)] };
}

function brushOf({ x, y }: Box, scales: Scales): Brush {
  return {
    left: positionOf(scales.x, x[0]),
    right: positionOf(scales.x, x[1]),
    top: 1 - positionOf(scales.y, y[1]),
    bottom: 1 - positionOf(scales.y, y[0]),
  };
}

function placeOf({ left, right, top, bottom }: Brush, size: Size) {
  const frame = frameOf(size);
  return {
    left: `${frame.left + left * frame.width}px`,
    top: `${frame.top + top * frame.height}px`,
    width: `${(right - left) * frame.width}px`,
    height: `${(bottom - top) * frame.height}px`,
  };
}
