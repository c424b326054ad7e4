// Draws the lanes of a pane: a row of segments per line, coloured by state.

import uPlot from "uplot";
import { marksOf } from "../data/lanes";
import type { Line } from "../data/line";
import { formatValue } from "../format";
import type { PlotContext } from "./context";
import { fillGap } from "./drawing";
import { type Inks, inkOf, translucent } from "./inks";
import { LANE, nameWidth } from "./layout";

const BAR = 14;
const FONT = "system-ui, sans-serif";
const OFF = 0.14;
const TINT = 0.5;

export function drawLanes({ chart, inks }: PlotContext, u: uPlot, hatch: CanvasPattern | string): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.textBaseline = "middle";
  chart().lines.forEach((line, index) => {
    const top = bbox.top + (index * LANE + (LANE - BAR) / 2) * uPlot.pxRatio;
    drawName(u, inks, line, top);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, top, bbox.width, BAR * uPlot.pxRatio);
    ctx.clip();
    ctx.fillStyle = hatch;
    for (const gap of line.gaps) fillGap(u, gap, top, BAR * uPlot.pxRatio);
    drawMarks(u, inks, line, top);
    ctx.restore();
  });
  ctx.restore();
}

function drawMarks(u: uPlot, inks: Inks, line: Line, top: number): void {
  const { ctx, bbox } = u;
  const height = BAR * uPlot.pxRatio;
  const { min = 0, max = 1 } = u.scales.x as { min?: number; max?: number };
  const binary = isBinary(line);
  const tints = new Map<number, string>();
  const tintFor = (state: number) => {
    const tint = tints.get(state) ?? tintOf(inks, line, state);
    tints.set(state, tint);
    return tint;
  };
  for (const { from, to, states } of marksOf(line, { from: min, to: max }, Math.round(bbox.width))) {
    const part = height / states.length;
    states.forEach((state, index) => {
      ctx.fillStyle = tintFor(state);
      ctx.fillRect(bbox.left + from, top + (states.length - 1 - index) * part, to - from, part);
    });
    if (states.length === 1 && !binary && to - from > 3 * uPlot.pxRatio)
      drawState(u, inks, line, states[0] as number, from, to, top);
  }
}

/** Writes the name of a state into its segment when it fits, with an edge where the segment begins. */
function drawState(
  { ctx, bbox }: uPlot,
  inks: Inks,
  line: Line,
  state: number,
  from: number,
  to: number,
  top: number,
): void {
  const ratio = uPlot.pxRatio;
  ctx.fillStyle = inks.ground;
  ctx.fillRect(bbox.left + from, top, ratio, BAR * ratio);
  const text = line.states.get(state) ?? formatValue(state);
  ctx.font = `${10.5 * ratio}px ${FONT}`;
  ctx.textAlign = "center";
  if (ctx.measureText(text).width + 8 * ratio > to - from) return;
  ctx.fillStyle = inks.label;
  ctx.fillText(text, bbox.left + (from + to) / 2, top + (BAR * ratio) / 2 + 0.5 * ratio);
}

/** Writes the name of a line left of its lane, shortened to the room there. */
function drawName({ ctx, bbox, width }: uPlot, inks: Inks, { label }: Line, top: number): void {
  const ratio = uPlot.pxRatio;
  ctx.font = `${11 * ratio}px ${FONT}`;
  ctx.textAlign = "right";
  ctx.fillStyle = inks.text;
  const room = (nameWidth(width) - 12) * ratio;
  const text = shortened(label, (candidate) => ctx.measureText(candidate).width <= room);
  ctx.fillText(text, bbox.left - 8 * ratio, top + (BAR * ratio) / 2 + 0.5 * ratio);
}

/** Returns the longest beginning and end of a text that fit, for names differ at both ends. */
export function shortened(text: string, fits: (text: string) => boolean): string {
  if (fits(text)) return text;
  const characters = [...text];
  let [low, high] = [0, Math.min(characters.length, 100)];
  const cut = (size: number) =>
    `${characters.slice(0, Math.ceil(size / 2)).join("")}…${characters.slice(characters.length - Math.floor(size / 2)).join("")}`;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (fits(cut(middle))) low = middle;
    else high = middle - 1;
  }
  return cut(low);
}

function isBinary({ states, values }: Line): boolean {
  const numbers = states.size ? [...states.keys()] : values.slice(0, 100);
  return numbers.every((state) => state === 0 || state === 1);
}

/** Returns the colour of a state: 0 is faint, 1 of a binary point is the line's, others have tints of the colours after it. */
function tintOf(inks: Inks, line: Line, state: number): string {
  if (state === 0) return translucent(inkOf(inks, line), OFF);
  if (isBinary(line)) return inkOf(inks, line);
  const states = [...line.states.keys()].filter(Boolean).sort((a, b) => a - b);
  const index = states.indexOf(state);
  const step = index < 0 ? states.length + Math.abs(Math.round(state)) : index;
  return translucent(inkOf(inks, { slot: line.slot + (step % 1000) }), TINT);
}
