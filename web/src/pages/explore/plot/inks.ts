// Colours and patterns for the canvas.

import uPlot from "uplot";
import { COLOURS, type Line } from "../data/line";

/** The colours of the current theme. */
export type Inks = {
  lines: string[];
  text: string;
  label: string;
  grid: string;
  hatch: string;
  ground: string;
};

/** Returns the colours of the current theme; a canvas cannot resolve CSS variables. */
export function inksOf(host: HTMLElement): Inks {
  const probe = document.createElement("span");
  host.append(probe);
  const ink = (name: string) => {
    probe.className = `ink-${name}`;
    return getComputedStyle(probe).color;
  };
  const inks = {
    lines: Array.from({ length: COLOURS }, (_, slot) => ink(String(slot))),
    text: ink("text"),
    label: ink("label"),
    grid: ink("grid"),
    hatch: ink("hatch"),
    ground: ink("ground"),
  };
  probe.remove();
  return inks;
}

export function hatchOf(colour: string): CanvasPattern | string {
  const size = 6 * uPlot.pxRatio;
  const tile = document.createElement("canvas");
  tile.width = tile.height = size;
  const ctx = tile.getContext("2d");
  if (!ctx) return colour;
  ctx.strokeStyle = colour;
  ctx.lineWidth = uPlot.pxRatio;
  ctx.beginPath();
  for (const shift of [-size, 0, size]) {
    ctx.moveTo(shift, size);
    ctx.lineTo(shift + size, 0);
  }
  ctx.stroke();
  return ctx.createPattern(tile, "repeat") ?? colour;
}

/** Returns the colour of a line. */
export function inkOf(inks: Inks, line: Pick<Line, "slot">): string {
  return inks.lines[line.slot % COLOURS] as string;
}

export function translucent(colour: string, alpha = 0.18): string {
  return colour.replace(/^rgb\((.*)\)$/, (_match, channels) => `rgba(${channels}, ${alpha})`);
}
