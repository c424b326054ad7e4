// The chart on its canvas: uPlot with the gaps behind the lines, and what moves it.

import uPlot from "uplot";
import {
  type axesOf,
  type Chart,
  COLOURS,
  firstAtOrAfter,
  type GapSpan,
  type Line,
  readAt,
  scaleOf,
} from "./data";
import { timeValues } from "./format";
import { listen, type Moves, press } from "./gestures";
import { allowed, type Span, sameSpan } from "./range";
import { rangeOf, type Ticks, ticksOf } from "./scale";

export type Axes = ReturnType<typeof axesOf>;

/** `drawn` once the rows of the view are on the canvas. */
export type State = "loading" | "drawn" | "failed";

export type PlotEvents = {
  /** The user moved the chart there. */
  onView: (span: Span, kind: "zoom" | "pan") => void;
  onReset: () => void;
  onBack: () => void;
  /** The pointer is at a time, so many pixels from the left of the chart. */
  onHover: (at: { time: number; left: number } | null) => void;
  /** The pixels of the screen have another size, for which the plot must be made anew before this returns. */
  onPixels: () => void;
  /** The chart could not be drawn, and the plot is of no more use. */
  onFailure: (error: unknown) => void;
};

/** Charts narrower than this have no room beside the lines. */
export const NARROW = 560;
const AXIS = 56;
const TIME_AXIS = 42;
const SIDE_PADDING = 16;
const SETTLE_MS = 250;
const LANE = 5;
/** The least distance of two ticks of a y axis. */
const TICK_SPACE = 36;

/** How wide the lines' own part of a chart is. */
export function plotWidth(width: number, axes: Axes): number {
  const sides = new Set(axes.map(({ side }) => side));
  const padding = (2 - sides.size) * SIDE_PADDING;
  return Math.max(1, Math.floor(width - axes.length * AXIS - padding));
}

/** What is drawn with: the colours of the page's style, now. */
type Inks = { lines: string[]; text: string; grid: string; hatch: string; ground: string };

/** A move that the page has not been told of yet. */
export type Move = { span: Span; kind: "zoom" | "pan" };

export class Plot {
  private readonly u: uPlot;
  private readonly inks: Inks;
  private readonly hatch: CanvasPattern | string;
  private readonly moves: Moves;
  private moving: (Move & { timer: ReturnType<typeof setTimeout> | undefined }) | undefined;
  private unmarked: boolean;
  private readonly ticks = new Map<string, Ticks>();

  /** Draws at once; throws where that fails, and leaves nothing behind. */
  constructor(
    private readonly host: HTMLElement,
    private chart: Chart,
    private readonly axes: Axes,
    private view: Span,
    private state: State,
    private readonly events: PlotEvents,
    begun: Move | undefined,
  ) {
    this.inks = inksOf(host);
    this.hatch = hatchOf(this.inks.hatch);
    this.unmarked = state === "drawn";
    this.mark();
    if (begun) this.begin(begun.span, begun.kind);
    this.u = this.create();
    this.u.ctx.canvas.setAttribute("role", "img");
    this.moves = {
      span: () => this.moving?.span ?? this.view,
      move: (span, kind) => this.move(span, kind),
      settle: (soon) => this.settle(soon),
      reset: () => this.events.onReset(),
    };
    listen(this.u.over, this.moves);
    this.settle();
  }

  private create(): uPlot {
    let unfinished: uPlot | undefined;
    // Before uPlot listens to it, which would draw in a microtask: a plot that is destroyed by then does not.
    addEventListener("dppxchange", this.events.onPixels);
    try {
      // Of itself uPlot draws in a microtask, where nobody could catch what it throws.
      return new uPlot(this.options(), this.chart.table, (u, init) => {
        unfinished = u;
        this.host.append(u.root);
        u.batch(() => {
          init();
          this.scale(u);
        });
      });
    } catch (error) {
      removeEventListener("dppxchange", this.events.onPixels);
      unfinished?.destroy();
      throw error;
    }
  }

  /** Takes it away; the move that was under way is for the plot that comes in its place. */
  destroy(): Move | undefined {
    clearTimeout(this.moving?.timer);
    removeEventListener("dppxchange", this.events.onPixels);
    this.u.destroy();
    return this.moving;
  }

  /** Draws other rows of the same lines; they are those of the view where the state is `drawn`. */
  show(chart: Chart, view: Span, state: State): void {
    const changed = chart !== this.chart;
    const moved = !sameSpan(view, this.view);
    this.chart = chart;
    this.state = state;
    if (state === "drawn") this.unmarked = true;
    this.mark();
    this.view = view;
    this.draw((u) => {
      if (changed) u.setData(chart.table, false);
      if (changed || moved) this.scale(u);
    });
    // The cursor's dots are on the rows of before.
    const { left = -1, top = -1 } = this.u.cursor;
    if (left >= 0 && (changed || moved)) this.attempt(() => this.u.setCursor({ left, top }));
  }

  name(label: string): void {
    this.u.ctx.canvas.setAttribute("aria-label", label);
  }

  size(width: number, height: number): void {
    if (width === this.u.width && height === this.u.height) return;
    this.draw((u) => u.setSize({ width, height }));
  }

  press(key: string): boolean {
    return press(key, this.moves);
  }

  /** Changes the plot and draws it before it returns. */
  private draw(change: (u: uPlot) => void = () => {}): void {
    this.attempt(() => this.u.batch(change));
  }

  private attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.events.onFailure(error);
    }
  }

  /** The rows count as drawn when they are on the canvas. */
  private mark(): void {
    this.host.dataset.state = this.state === "drawn" ? "loading" : this.state;
  }

  private scale(u: uPlot): void {
    const { from, to } = this.moving?.span ?? this.view;
    u.setScale("x", { min: from, max: to });
  }

  private move(span: Span, kind: "zoom" | "pan"): void {
    this.begin(span, kind);
    this.draw((u) => this.scale(u));
  }

  private begin(span: Span, kind: "zoom" | "pan"): void {
    clearTimeout(this.moving?.timer);
    const zoomed = kind === "zoom" || this.moving?.kind === "zoom";
    this.moving = { span: allowed(span, Date.now()), kind: zoomed ? "zoom" : "pan", timer: undefined };
    this.host.dataset.state = "loading";
  }

  private settle(soon = false): void {
    if (!this.moving) return;
    this.moving.timer = setTimeout(
      () => {
        if (!this.moving) return;
        const { span, kind } = this.moving;
        this.moving = undefined;
        if (sameSpan(span, this.view)) this.draw();
        else this.events.onView(span, kind);
      },
      soon ? 0 : SETTLE_MS,
    );
  }

  private options(): uPlot.Options {
    const { chart, axes, inks } = this;
    const only = axes.length > 1 ? this.onlyLines() : new Map<string, Line>();
    const scales: Record<string, uPlot.Scale> = {
      x: { time: true, range: (_u, min, max) => [min, max] },
    };
    for (const { unit } of chart.lines)
      scales[scaleOf(unit)] = { range: (_u, min, max, scale) => rangeOf(min, max, this.factor(scale)) };
    const font = "11px system-ui, sans-serif";
    const grid = { stroke: inks.grid, width: 1 };
    return {
      width: Math.max(1, this.host.clientWidth),
      height: Math.max(1, this.host.clientHeight),
      ms: 1,
      padding: [axes.some(({ unit }) => unit) ? 22 : 10, null, 0, null],
      legend: { show: false },
      scales,
      axes: [
        {
          size: TIME_AXIS,
          font,
          stroke: inks.text,
          grid: { ...grid, show: false },
          ticks: { ...grid, size: 5 },
          space: 64,
          values: (_u, splits, _axis, _space, step) => timeValues(splits, step),
        },
        ...axes.map(
          ({ scale, side }, place): uPlot.Axis => ({
            scale,
            side,
            font,
            size: (_u, values) =>
              Math.max(AXIS, 14 + 6.5 * Math.max(0, ...(values ?? []).map((one) => one.length))),
            stroke: only.has(scale) ? this.ink(only.get(scale) as Line) : inks.text,
            grid: { ...grid, show: place === 0 },
            ticks: { ...grid, size: 5 },
            // uPlot's own steps end at 1e±32; this one is never too small, and not used.
            incrs: () => [Number.POSITIVE_INFINITY],
            splits: (u, _axis, min, max) => this.split(u, scale, min, max),
            values: () => this.ticks.get(scale)?.labels ?? [],
          }),
        ),
      ],
      series: [{}, ...chart.lines.flatMap((line) => this.series(line))],
      bands: chart.banded
        ? chart.lines.map((line) => ({
            series: [line.column - 1, line.column - 2],
            fill: translucent(this.ink(line)),
          }))
        : [],
      cursor: {
        y: false,
        // The dots are where the values are that are told.
        dataIdx: (u, column, _closest, time) => this.rowAt(u, column, time),
        drag: { x: true, y: false, setScale: false, dist: 5 },
        points: {
          size: (_u, column) => (this.chart.lines.some((line) => line.column === column) ? 7 : 0),
          width: 1,
          stroke: inks.ground,
        },
        bind: {
          mousedown: (_u, _target, handler) => (event) =>
            event.button === 0 && !event.shiftKey ? handler(event) : null,
          dblclick: () => () => {
            this.events.onBack();
            return null;
          },
        },
      },
      hooks: {
        drawAxes: [(u) => this.drawUnits(u), (u) => this.drawGaps(u)],
        draw: [(u) => this.drawn(u)],
        setSelect: [(u) => this.attempt(() => this.select(u))],
        setCursor: [(u) => this.attempt(() => this.hover(u))],
      },
    };
  }

  /** The line of each scale that has one only: its axis is written in the line's colour. */
  private onlyLines(): Map<string, Line> {
    const found = new Map<string, Line[]>();
    for (const line of this.chart.lines) {
      found.set(scaleOf(line.unit), [...(found.get(scaleOf(line.unit)) ?? []), line]);
    }
    return new Map(
      [...found].flatMap(([scale, lines]) => (lines.length === 1 ? [[scale, lines[0] as Line]] : [])),
    );
  }

  private series(line: Line): uPlot.Series[] {
    const scale = scaleOf(line.unit);
    const stroke = this.ink(line);
    const edge: uPlot.Series = { scale, width: 0, points: { show: false } };
    const place = this.chart.lines.indexOf(line);
    const drawn: uPlot.Series = {
      scale,
      stroke,
      width: 1.5,
      ...(line.slot >= COLOURS && { dash: line.slot >= 2 * COLOURS ? [2, 3] : [8, 4] }),
      points: {
        size: 5,
        width: 0,
        fill: stroke,
        show: (u) => isSparse(u, this.chart.lines[place]),
        filter: (_u, _column, show) => (show ? null : (this.chart.lines[place]?.alone ?? null)),
      },
    };
    return this.chart.banded ? [edge, edge, drawn] : [drawn];
  }

  private rowAt(u: uPlot, column: number, time: number): number | null {
    const line = this.chart.lines.find((one) => one.column === column);
    const found = line && readAt(line, time);
    return found?.kind === "sample" ? firstAtOrAfter(u.data[0] as number[], found.time) : null;
  }

  /** The ticks of a y axis, whose labels are asked for next. */
  private split(u: uPlot, scale: string, min: number, max: number): number[] {
    const height = u.bbox.height / uPlot.pxRatio;
    const { values, labels } = ticksOf(min, max, height / TICK_SPACE, this.factor(scale));
    this.ticks.set(scale, { values, labels: this.isEmpty(scale) ? labels.map(() => "") : labels });
    return values;
  }

  /** What the table's values of a scale are multiplied by. */
  private factor(scale: string): number {
    return this.chart.lines.find(({ unit }) => scaleOf(unit) === scale)?.factor ?? 1;
  }

  private isEmpty(scale: string): boolean {
    return !this.chart.lines.some((line) => scaleOf(line.unit) === scale && line.times.length);
  }

  private ink(line: Line): string {
    return this.inks.lines[line.slot % COLOURS] as string;
  }

  private select(u: uPlot): void {
    const { left, width } = u.select;
    if (width < 1) return;
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.move({ from: u.posToVal(left, "x"), to: u.posToVal(left + width, "x") }, "zoom");
    this.settle(true);
  }

  private hover(u: uPlot): void {
    const left = u.cursor.left ?? -1;
    this.events.onHover(left < 0 ? null : { time: u.posToVal(left, "x"), left: left + u.over.offsetLeft });
  }

  /** Each axis's unit above it. */
  private drawUnits(u: uPlot): void {
    const { ctx } = u;
    const ratio = uPlot.pxRatio;
    const { left, top, width } = u.bbox;
    ctx.save();
    ctx.font = `${11 * ratio}px system-ui, sans-serif`;
    ctx.fillStyle = this.inks.text;
    ctx.textBaseline = "bottom";
    let [leftmost, rightmost] = [left - 8 * ratio, left + width + 8 * ratio];
    this.axes.forEach(({ unit, side }, place) => {
      const size = ((u.axes[place + 1] as { _size?: number })._size ?? AXIS) * ratio;
      ctx.textAlign = side === 3 ? "right" : "left";
      ctx.fillText(unit, side === 3 ? leftmost : rightmost, top - 7 * ratio);
      if (side === 3) leftmost -= size;
      else rightmost += size;
    });
    ctx.restore();
  }

  /** Hatches what no line has, and marks the gaps of single lines at the bottom, each in its colour. */
  private drawGaps(u: uPlot): void {
    const { ctx, bbox } = u;
    const ratio = uPlot.pxRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    const fill = (gap: GapSpan, top: number, height: number) => {
      const from = u.valToPos(gap.from, "x", true);
      const to = u.valToPos(gap.to, "x", true);
      if (to - from >= ratio) ctx.fillRect(from, top, to - from, height);
    };
    ctx.fillStyle = this.hatch;
    for (const gap of this.chart.gaps) fill(gap, bbox.top, bbox.height);
    if (this.chart.lines.length > 1) {
      const bottom = bbox.top + bbox.height;
      this.chart.lines
        .map((line) => ({ line, own: line.gaps.filter((gap) => !within(gap, this.chart.gaps)) }))
        .filter(({ own }) => own.length)
        .forEach(({ line, own }, lane) => {
          ctx.fillStyle = translucent(this.ink(line), 0.45);
          for (const gap of own) fill(gap, bottom - (lane + 1) * LANE * ratio, (LANE - 2) * ratio);
        });
    }
    ctx.restore();
  }

  /** Says on the element what is on the canvas, for whoever looks from outside. */
  private drawn(u: uPlot): void {
    const { dataset } = this.host;
    const { min, max } = u.scales.x as uPlot.Scale;
    dataset.from = String(Math.round(min ?? 0));
    dataset.to = String(Math.round(max ?? 0));
    dataset.series = String(this.chart.lines.length);
    dataset.rows = String(this.chart.rows);
    if (this.state !== "drawn" || this.moving) return;
    dataset.state = "drawn";
    if (!this.unmarked) return;
    this.unmarked = false;
    performance.mark("vitals-drawn");
  }
}

function within(gap: GapSpan, gaps: GapSpan[]): boolean {
  return gaps.some(({ from, to }) => from <= gap.from && gap.to <= to);
}

/** Whether samples on view are so far apart that each is worth a dot. */
function isSparse(u: uPlot, line: Line | undefined): boolean {
  const { min, max } = u.scales.x as uPlot.Scale;
  if (!line || min == null || max == null) return false;
  const rows = firstAtOrAfter(line.times, max) - firstAtOrAfter(line.times, min);
  return rows * 12 < u.over.clientWidth;
}

function translucent(colour: string, alpha = 0.18): string {
  return colour.replace(/^rgb\((.*)\)$/, (_all, parts) => `rgba(${parts}, ${alpha})`);
}

/** Colours as the style has them in the theme of now; a canvas does not know the style's names. */
function inksOf(host: HTMLElement): Inks {
  const probe = document.createElement("span");
  host.append(probe);
  const ink = (name: string) => {
    probe.className = `ink-${name}`;
    return getComputedStyle(probe).color;
  };
  const inks = {
    lines: Array.from({ length: COLOURS }, (_, slot) => ink(String(slot))),
    text: ink("text"),
    grid: ink("grid"),
    hatch: ink("hatch"),
    ground: ink("ground"),
  };
  probe.remove();
  return inks;
}

function hatchOf(colour: string): CanvasPattern | string {
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
