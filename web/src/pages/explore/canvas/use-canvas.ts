import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { runSteps } from "./steps";
import type { Size } from "./use-size";

export type Paint = (ctx: CanvasRenderingContext2D, size: Size) => Iterator<void>;

/**
 * Paints a canvas of a size, in short tasks, when `keys` change; `onDone` follows the last task.
 * The previous picture stays until then.
 */
export function useCanvas(
  { width, height }: Size,
  paint: Paint,
  keys: readonly unknown[],
  onDone: () => void = () => {},
): RefObject<HTMLCanvasElement | null> {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const hidden = document.createElement("canvas");
    const ctx = hidden.getContext("2d");
    if (!ctx || !width || !height) return undefined;
    const ratio = devicePixelRatio;
    hidden.width = Math.round(width * ratio);
    hidden.height = Math.round(height * ratio);
    ctx.scale(ratio, ratio);
    return runSteps(paint(ctx, { width, height }), () => {
      copy(hidden, canvas.current);
      onDone();
    });
  }, [width, height, ...keys]);
  return canvas;
}

function copy(source: HTMLCanvasElement, target: HTMLCanvasElement | null): void {
  if (!target) return;
  target.width = source.width;
  target.height = source.height;
  target.getContext("2d")?.drawImage(source, 0, 0);
}
