import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import { bounded } from "../../../ui/bounded";
import type { Size } from "../canvas/use-size";
import { type Brush, brushByKey } from "./marks";
import { frameOf } from "./paint";

/** A drag of fewer pixels is a click. */
const SLIP = 4;

type Position = { x: number; y: number };

/** Handlers that draw a brush with the pointer or with keys; a click and Escape remove it. */
export function useBrush(
  host: RefObject<HTMLElement | null>,
  size: Size,
  brush: Brush | undefined,
  onBrush: (brush: Brush | undefined) => void,
) {
  const [drag, setDrag] = useState<{ start: Position; end: Position }>();
  const draft = drag && brushOf(drag.start, drag.end);
  return {
    /** The brush that is being drawn, else the one that was drawn. */
    shown: draft ?? brush,
    handlers: {
      onPointerDown: (event: PointerEvent) => {
        if (event.button || !host.current) return;
        host.current.setPointerCapture(event.pointerId);
        const start = positionIn(host.current, size, event);
        setDrag({ start, end: start });
      },
      onPointerMove: (event: PointerEvent) => {
        if (drag && host.current) setDrag({ ...drag, end: positionIn(host.current, size, event) });
      },
      onPointerUp: () => {
        if (drag) onBrush(isClick(drag.start, drag.end, size) ? undefined : draft);
        setDrag(undefined);
      },
      onPointerCancel: () => setDrag(undefined),
      onKey: (event: KeyboardEvent) => {
        const next = brushByKey(brush, event.key, event.shiftKey);
        if (!next && event.key !== "Escape") return;
        event.preventDefault();
        onBrush(next);
      },
    },
  };
}

/** Returns the position of the pointer in shares of the plot, at most at its edges. */
function positionIn(host: HTMLElement, size: Size, event: PointerEvent): Position {
  const frame = frameOf(size);
  const box = host.getBoundingClientRect();
  const share = (pixels: number, length: number) => bounded(pixels / length, 0, 1);
  return {
    x: share(event.clientX - box.left - frame.left, frame.width),
    y: share(event.clientY - box.top - frame.top, frame.height),
  };
}

function brushOf(start: Position, end: Position): Brush {
  return {
    left: Math.min(start.x, end.x),
    right: Math.max(start.x, end.x),
    top: Math.min(start.y, end.y),
    bottom: Math.max(start.y, end.y),
  };
}

function isClick(start: Position, end: Position, size: Size): boolean {
  const { width, height } = frameOf(size);
  return Math.abs(end.x - start.x) * width < SLIP && Math.abs(end.y - start.y) * height < SLIP;
}
