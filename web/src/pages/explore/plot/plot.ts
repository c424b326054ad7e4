// The plot of a chart: its panes, their moves and their state.

import type uPlot from "uplot";
import { Turns } from "../canvas/turns";
import type { Chart } from "../data/line";
import type { Pane } from "../data/panes";
import { stopByKey } from "../data/stops";
import { clampSpan, type Span, sameSpan } from "../range/range";
import { type Hover, PlotCursor } from "./cursor";
import { listen, type MoveKind, type Moves, press } from "./gestures";
import { type Inks, inksOf } from "./inks";
import { heightsOf, leastHeight, nameWidth, Sides } from "./layout";
import type { PaneFrame } from "./options";
import { PanePlot } from "./pane-plot";

/** `drawn` when the rows of the view are on the canvas. */
export type State = "loading" | "drawn" | "failed";

export type PlotEvents = {
  /** The user moved the chart to a span. */
  onView: (span: Span, kind: MoveKind) => void;
  onReset: () => void;
  onBack: () => void;
  /** The cursor is at a time, or hidden. */
  onHover: (hover: Hover) => void;
  /** The pixel ratio has changed; the listener must replace the plot before it returns. */
  onPixels: () => void;
  /** Drawing failed; the plot must be replaced. */
  onFailure: (error: unknown) => void;
};

const SETTLE_MS = 250;
/** How often panes are drawn again because others need wider sides. */
const ALIGNMENTS = 3;

/** A move that `onView` has not reported yet. */
export type Move = { span: Span; kind: MoveKind };

/** What a plot shows; `state` says whether the rows belong to the view. */
export type Picture = { chart: Chart; panes: readonly Pane[]; view: Span; state: State };

/** The rows of the lines of a pane. */
function rowsOf(pane: Pane | undefined): number {
  return pane?.lines.reduce((sum, { times }) => sum + times.length, 0) ?? 0;
}

export class Plot {
  private readonly panes: PanePlot[] = [];
  private readonly cursor: PlotCursor;
  private readonly inks: Inks;
  private readonly sides: Sides;
  private readonly moves: Moves;
  private moving: (Move & { timer: ReturnType<typeof setTimeout> | undefined }) | undefined;
  private unmarked: boolean;
  private labelOf: (pane: Pane) => string = () => "";
  private alignments = 0;
  /** The size of the chart, which it keeps outside the document. */
  private width = 0;
  private height = 0;
  private readonly turns = new Turns({
    draw: (pane) => this.drawPane(pane),
    rowsOf: (pane) => rowsOf(this.picture.panes[pane]),
    onDone: () => this.align(),
    attempt: (turn) => this.attempt(turn),
  });

  /** Draws the first panes at once; throws when that fails, after removing its elements. */
  constructor(
    private readonly host: HTMLElement,
    private picture: Picture,
    private readonly timeZone: string,
    private readonly events: PlotEvents,
    unfinished: Move | undefined,
  ) {
    this.inks = inksOf(host);
    this.unmarked = picture.state === "drawn";
    this.sides = new Sides(picture.panes.some(({ lanes }) => lanes) ? nameWidth(host.clientWidth) : 0);
    this.moves = {
      span: () => this.span(),
      move: (span, kind) => this.move(span, kind),
      settle: (soon) => this.settle(soon),
      reset: () => this.events.onReset(),
    };
    this.cursor = new PlotCursor(this.panes, events.onHover);
    this.mark();
    if (unfinished) this.begin(unfinished.span, unfinished.kind);
    // Listens before uPlot, whose own listener draws in a microtask, unless the plot is destroyed by then.
    addEventListener("dppxchange", this.events.onPixels);
    try {
      this.host.style.setProperty("--least", `${leastHeight(picture.panes)}px`);
      [this.width, this.height] = [host.clientWidth, host.clientHeight];
      this.turns.start(picture.panes.keys());
    } catch (error) {
      this.remove();
      throw error;
    }
    this.settle();
  }

  /** Draws a pane in the current span; creates it when it is drawn for the first time. */
  private drawPane(index: number): void {
    const pane = this.picture.panes[index] as Pane;
    const { width, sides } = this;
    const height = heightsOf(this.picture.panes, this.height)[index] as number;
    const plot = this.panes[index];
    if (plot) plot.show(pane, this.span(), width, height);
    else this.create(pane, { width, height, last: index === this.picture.panes.length - 1, sides });
  }

  private create(pane: Pane, frame: PaneFrame): void {
    const events = {
      onBack: () => this.events.onBack(),
      onSelect: (u: uPlot) => this.attempt(() => this.select(u)),
      onCursor: (u: uPlot) => this.attempt(() => this.cursor.follow(u)),
    };
    const { timeZone, inks } = this;
    const plot = new PanePlot(this.host, pane, timeZone, inks, frame, this.span(), events);
    plot.u.ctx.canvas.setAttribute("aria-label", this.labelOf(pane));
    this.panes.push(plot);
    listen(plot.u.over, this.moves);
  }

  /** Removes the plot and returns the move in progress, for the next plot. */
  destroy(): Move | undefined {
    const { moving } = this;
    clearTimeout(moving?.timer);
    // A plot that fails within a move must not report it afterwards.
    this.moving = undefined;
    this.remove();
    return moving;
  }

  private remove(): void {
    this.turns.stop();
    removeEventListener("dppxchange", this.events.onPixels);
    this.host.style.removeProperty("--least");
    for (const pane of this.panes) pane.destroy();
  }

  /** Draws other rows of the same lines. */
  show(picture: Picture): void {
    const before = this.picture;
    const moved = picture.chart !== before.chart || !sameSpan(picture.view, before.view);
    this.picture = picture;
    if (picture.state === "drawn") this.unmarked = true;
    this.mark();
    if (moved || picture.panes !== before.panes) this.draw();
    else this.attempt(() => this.drawn());
  }

  /** Names the pictures of the panes. */
  name(labelOf: (pane: Pane) => string): void {
    this.labelOf = labelOf;
    this.picture.panes.forEach((pane, index) => {
      this.panes[index]?.u.ctx.canvas.setAttribute("aria-label", labelOf(pane));
    });
  }

  size(width: number, height: number): void {
    if (width === this.width && height === this.height) {
      this.attempt(() => this.drawn());
      return;
    }
    [this.width, this.height] = [width, height];
    this.draw();
  }

  /** Handles a key and returns whether it moved the chart or its cursor. */
  press(event: Pick<KeyboardEvent, "key" | "shiftKey">): boolean {
    const { lines } = this.picture.chart;
    const span = this.span();
    const pixel = (span.to - span.from) / (this.panes[0]?.u.over.clientWidth || 1);
    const stop = stopByKey({ lines, span, pixel }, event, this.cursor.time);
    if (stop === undefined) return (event.key === "Escape" && this.leave()) || press(event.key, this.moves);
    this.attempt(() => this.cursor.moveTo(stop));
    return true;
  }

  /** Hides the cursor if keys moved it, and returns whether they did. */
  leave(): boolean {
    return this.cursor.hide();
  }

  private span(): Span {
    return this.moving?.span ?? this.picture.view;
  }

  /** Draws the rows in the current span, of a large chart a pane at a time. */
  private draw(): void {
    this.alignments = 0;
    this.attempt(() => this.turns.start(this.picture.panes.keys()));
  }

  /** Draws the panes again that are narrower than one that was drawn after them. */
  private align(): void {
    const narrow = [...this.panes.keys()].filter((index) => this.panes[index]?.isNarrow);
    if (narrow.length && this.alignments++ < ALIGNMENTS) {
      this.turns.start(narrow);
      return;
    }
    this.drawn();
    this.cursor.renew();
  }

  private attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.events.onFailure(error);
    }
  }

  /** The state becomes `drawn` only after the drawing. */
  private mark(): void {
    const { state } = this.picture;
    this.host.dataset.state = state === "drawn" ? "loading" : state;
  }

  private move(span: Span, kind: MoveKind): void {
    this.begin(span, kind);
    this.draw();
  }

  private begin(span: Span, kind: MoveKind): void {
    clearTimeout(this.moving?.timer);
    const zoomed = kind === "zoom" || this.moving?.kind === "zoom";
    this.moving = { span: clampSpan(span, Date.now()), kind: zoomed ? "zoom" : "pan", timer: undefined };
    this.host.dataset.state = "loading";
  }

  private settle(soon = false): void {
    if (!this.moving) return;
    this.moving.timer = setTimeout(
      () => {
        if (!this.moving) return;
        const { span, kind } = this.moving;
        this.moving = undefined;
        if (sameSpan(span, this.picture.view)) this.draw();
        else this.events.onView(span, kind);
      },
      soon ? 0 : SETTLE_MS,
    );
  }

  private select(u: uPlot): void {
    const { left: start, width } = u.select;
    if (width < 1) return;
    for (const pane of this.panes) pane.select(0, 0);
    this.move({ from: u.posToVal(start, "x"), to: u.posToVal(start + width, "x") }, "zoom");
    this.settle(true);
  }

  /** Exposes the drawing as data attributes, for tests and bench. */
  private drawn(): void {
    const { dataset } = this.host;
    const { chart, state } = this.picture;
    const { min, max } = this.panes[0]?.u.scales.x ?? {};
    Object.assign(dataset, {
      from: String(Math.round(min ?? 0)),
      to: String(Math.round(max ?? 0)),
      series: String(chart.lines.length),
      rows: String(chart.rows),
      panes: String(this.panes.length),
      lanes: String(chart.lines.filter(({ draw }) => draw === "lane").length),
      bars: String(this.panes.reduce((sum, pane) => sum + pane.bars, 0)),
    });
    if (state !== "drawn" || this.moving || !this.turns.isDone) return;
    dataset.state = "drawn";
    if (!this.unmarked) return;
    this.unmarked = false;
    performance.mark("vitals-drawn");
  }
}
