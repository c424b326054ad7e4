import type { Inks } from "../plot/inks";

/** Prepares a canvas for the labels beside a view. */
export function beginLabels(ctx: CanvasRenderingContext2D, { text }: Inks): void {
  ctx.font = "12px system-ui, sans-serif";
  ctx.fillStyle = text;
}
