// Painting of a carpet, in steps.

import { bounded } from "../../../ui/bounded";
import { beginLabels } from "../canvas/labels";
import type { Size } from "../canvas/use-size";
import type { Inks } from "../plot/inks";
import type { Cell, Row } from "./cells";
import { colourIndex, type Domain } from "./colour-scale";
import { hourText, shortDay } from "./text";

/** Space around the cells, in pixels. */
export const MARGIN = { left: 58, right: 2, top: 20, bottom: 2 };
const HOURS = 24;
const [LOWEST, HIGHEST] = [2, 40];
/** A day's label needs this many pixels. */
const LABEL = 15;
const ROWS_PER_STEP = 10;

/** The size of a cell, and the height of all rows with the margins. */
export type Layout = { width: number; height: number; total: number };

/** Returns cells that fill the width and, between two bounds, the height. */
export function layoutOf({ width, height }: Size, rows: number): Layout {
  const free = (height - MARGIN.top - MARGIN.bottom) / Math.max(1, rows);
  const cell = bounded(free, LOWEST, HIGHEST);
  return {
    width: Math.max(1, width - MARGIN.left - MARGIN.right) / HOURS,
    height: cell,
    total: Math.ceil(MARGIN.top + MARGIN.bottom + cell * rows),
  };
}

export type Palette = {
  colours: string[];
  domain: Domain | undefined;
  hatch: CanvasPattern | string;
  inks: Inks;
};

/** Paints the labels and the cells. */
export function* paintCarpet(
  ctx: CanvasRenderingContext2D,
  rows: Row[],
  layout: Layout,
  palette: Palette,
): Generator<void> {
  paintLabels(ctx, rows, layout, palette.inks);
  for (const [index, { cells }] of rows.entries()) {
    cells.forEach((cell, hour) => {
      paintCell(ctx, cell, boxOf(layout, index, hour), palette);
    });
    if (index % ROWS_PER_STEP === ROWS_PER_STEP - 1) yield;
  }
}

type Box = { left: number; top: number; width: number; height: number };

/** Returns the box of a cell, with edges on whole pixels so that neighbours touch. */
export function boxOf(layout: Layout, row: number, hour: number): Box {
  const left = Math.round(MARGIN.left + hour * layout.width);
  const top = Math.round(MARGIN.top + row * layout.height);
  return {
    left,
    top,
    width: Math.round(MARGIN.left + (hour + 1) * layout.width) - left,
    height: Math.round(MARGIN.top + (row + 1) * layout.height) - top,
  };
}

function paintCell(ctx: CanvasRenderingContext2D, cell: Cell, box: Box, palette: Palette): void {
  const { left, top, width, height } = box;
  if (cell.kind === "outside") return;
  if (cell.kind === "value" && palette.domain)
    ctx.fillStyle = palette.colours[colourIndex(palette.domain, cell.value)] as string;
  else ctx.fillStyle = cell.kind === "gap" ? palette.hatch : palette.inks.grid;
  ctx.fillRect(left, top, width, height);
  if (cell.kind === "skipped") paintCross(ctx, box, palette.inks.text);
  if (cell.kind === "value" && cell.repeated) paintCorner(ctx, box, palette.inks);
}

function paintCross(ctx: CanvasRenderingContext2D, { left, top, width, height }: Box, ink: string): void {
  ctx.strokeStyle = ink;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(left, top);
  ctx.lineTo(left + width, top + height);
  ctx.moveTo(left, top + height);
  ctx.lineTo(left + width, top);
  ctx.stroke();
}

/** Marks an hour that occurs twice with a triangle in the corner. */
function paintCorner(ctx: CanvasRenderingContext2D, { left, top, width, height }: Box, inks: Inks): void {
  const size = Math.min(9, width / 2, height);
  ctx.fillStyle = inks.ground;
  ctx.strokeStyle = inks.text;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(left + width, top);
  ctx.lineTo(left + width - size, top);
  ctx.lineTo(left + width, top + size);
  ctx.closePath();
  ctx.fill();
  ctx.stroke();
}

function paintLabels(ctx: CanvasRenderingContext2D, rows: Row[], layout: Layout, inks: Inks): void {
  beginLabels(ctx, inks);
  ctx.textBaseline = "bottom";
  ctx.textAlign = "left";
  for (let hour = 0; hour < HOURS; hour += layout.width < 20 ? 6 : 3) {
    ctx.fillText(hourText(hour), boxOf(layout, 0, hour).left, MARGIN.top - 4);
  }
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  const interval = Math.ceil(LABEL / layout.height);
  for (let row = 0; row < rows.length; row += interval) {
    const { top, height } = boxOf(layout, row, 0);
    const y = Math.max(top + height / 2, top + (interval > 1 ? LABEL / 2 : 0));
    ctx.fillText(shortDay((rows[row] as Row).day), MARGIN.left - 6, y);
  }
}

/** Returns the cell at a position in pixels, also beside the cells: the nearest one. */
export function cellAt(layout: Layout, x: number, y: number, rows: number): { row: number; hour: number } {
  return {
    row: bounded(Math.floor((y - MARGIN.top) / layout.height), 0, rows - 1),
    hour: bounded(Math.floor((x - MARGIN.left) / layout.width), 0, HOURS - 1),
  };
}
