// A picture of a chart: its canvases with a title, its points and its range.

import { COLOURS, dashOf } from "../data/line";
import { type Inks, inksOf } from "../plot/inks";
import { type Caption, type Item, rowsOf } from "./caption";
import { keysOf, paintKey } from "./keys";

const MARGIN = 16;
const TITLE = 26;
const ROW = 20;
const GAP = 16;
const SWATCH = 22;

/** Returns the picture of the chart in a panel, in the colours that are shown; throws when none is drawn. */
export function compose(panel: Element, caption: Caption): HTMLCanvasElement {
  const figure = panel.querySelector<HTMLElement>("figure.chart");
  if (figure?.dataset.state !== "drawn")
    throw new Error("The chart is not drawn yet. Wait for it, then save the image again");
  const canvases = [...figure.querySelectorAll("canvas")];
  const frame = frameOf(canvases);
  const across = frame.right - frame.left;
  const ctx = context();
  const head = headOf(ctx, caption, namesOf(canvases), across);
  const keys = keysOf(panel).map((key) => ({ key, height: key.getBoundingClientRect().height + 8 }));
  const above = MARGIN + TITLE + head.height + ROW + keys.reduce((sum, { height }) => sum + height, 0) + 8;
  resize(ctx, across + 2 * MARGIN, above + (frame.bottom - frame.top) + MARGIN);
  const inks = inksOf(figure);
  ctx.fillStyle = inks.ground;
  ctx.fillRect(0, 0, ctx.canvas.width, ctx.canvas.height);
  ctx.translate(MARGIN, MARGIN);
  paintHead(ctx, caption, head, inks, across);
  ctx.translate(0, TITLE + head.height + ROW);
  for (const { key, height } of keys) {
    paintKey(ctx, key, font(13), inks.text);
    ctx.translate(0, height);
  }
  ctx.translate(0, 8);
  for (const canvas of canvases) paintCanvas(ctx, canvas, frame);
  return ctx.canvas;
}

/** Returns the image as a file. */
export function toFile(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const failed = new Error("The image is too large for this browser. Make the window smaller");
    canvas.toBlob((file) => (file ? resolve(file) : reject(failed)), "image/png");
  });
}

function context(): CanvasRenderingContext2D {
  const ctx = document.createElement("canvas").getContext("2d");
  if (!ctx) throw new Error("This browser cannot draw images");
  return ctx;
}

function resize(ctx: CanvasRenderingContext2D, width: number, height: number): void {
  ctx.canvas.width = Math.round(width * devicePixelRatio);
  ctx.canvas.height = Math.round(height * devicePixelRatio);
  ctx.scale(devicePixelRatio, devicePixelRatio);
  ctx.textBaseline = "middle";
}

function font(size: number, weight = 400): string {
  return `${weight} ${size}px ${getComputedStyle(document.body).fontFamily}`;
}

type Frame = { left: number; top: number; right: number; bottom: number };

/** Returns what all canvases cover, also where the figure scrolls. */
function frameOf(canvases: readonly HTMLCanvasElement[]): Frame {
  const boxes = canvases.map((canvas) => canvas.getBoundingClientRect());
  return {
    left: Math.min(...boxes.map(({ left }) => left)),
    top: Math.min(...boxes.map(({ top }) => top)),
    right: Math.max(...boxes.map(({ right }) => right)),
    bottom: Math.max(...boxes.map(({ bottom }) => bottom)),
  };
}

function paintCanvas(ctx: CanvasRenderingContext2D, canvas: HTMLCanvasElement, frame: Frame): void {
  const { left, top, width, height } = canvas.getBoundingClientRect();
  ctx.globalAlpha = Number(getComputedStyle(canvas).opacity);
  ctx.drawImage(canvas, left - frame.left, top - frame.top, width, height);
  ctx.globalAlpha = 1;
}

/** Returns the names of pictures that stand for the points when the caption has none. */
function namesOf(canvases: readonly HTMLCanvasElement[]): Item[] {
  return canvases.flatMap((canvas) => {
    const text = canvas.getAttribute("aria-label");
    return text ? [{ text, slot: undefined, faint: false }] : [];
  });
}

type Head = ReturnType<typeof rowsOf> & { items: Item[] };

function headOf(ctx: CanvasRenderingContext2D, caption: Caption, names: Item[], across: number): Head {
  const items = caption.items.length ? caption.items : names;
  ctx.font = font(13);
  const widths = items.map(
    ({ text, slot }) => ctx.measureText(text).width + (slot === undefined ? 0 : SWATCH),
  );
  return { items, ...rowsOf(widths, across, GAP, ROW) };
}

function paintHead(
  ctx: CanvasRenderingContext2D,
  caption: Caption,
  head: Head,
  inks: Inks,
  across: number,
): void {
  ctx.fillStyle = inks.label;
  ctx.font = font(16, 600);
  ctx.fillText(caption.title, 0, TITLE / 2, across);
  ctx.font = font(13);
  head.items.forEach((item, index) => {
    const { x, y } = head.places[index] ?? { x: 0, y: 0 };
    paintItem(ctx, item, x, TITLE + y + ROW / 2, inks, across);
  });
  ctx.fillStyle = inks.text;
  ctx.fillText(caption.range, 0, TITLE + head.height + ROW / 2, across);
}

function paintItem(
  ctx: CanvasRenderingContext2D,
  { text, slot, faint }: Item,
  x: number,
  y: number,
  inks: Inks,
  across: number,
): void {
  const start = slot === undefined ? x : x + SWATCH;
  if (slot !== undefined) {
    ctx.globalAlpha = faint ? 0.4 : 1;
    ctx.strokeStyle = inks.lines[slot % COLOURS] as string;
    ctx.lineWidth = 3;
    ctx.setLineDash(dashOf(slot));
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(x + SWATCH - 6, y);
    ctx.stroke();
    ctx.globalAlpha = 1;
  }
  ctx.fillStyle = inks.label;
  ctx.fillText(text, start, y, across - (start - x));
}
