// The plot on its canvas: drawing, moves and state.

import uPlot from "uplot";
import type { Axes } from "../data/axes";
import type { Chart } from "../data/line";
import { clampSpan, type Span, sameSpan } from "../range/range";
import type { PlotContext } from "./context";
import { drawGaps, drawUnits } from "./drawing";
import { listen, type MoveKind, type Moves, press } from "./gestures";
import { hatchOf, inksOf } from "./inks";
import { optionsOf } from "./options";

/** `drawn` when the rows of the view are on the canvas. */
export type State = "loading" | "drawn" | "failed";

export type PlotEvents = {
  /** The user moved the chart to a span. */
  onView: (span: Span, kind: MoveKind) => void;
  onReset: () => void;
  onBack: () => void;
  /** The pointer is at a time, `x` pixels from the left edge of the chart; null when it has left. */
  onHover: (hover: { time: number; x: number } | null) => void;
  /** The pixel ratio has changed; the listener must replace the plot before it returns. */
  onPixels: () => void;
  /** Drawing failed; the plot must be replaced. */
  onFailure: (error: unknown) => void;
};

const SETTLE_MS = 250;

/** A move that `onView` has not reported yet. */
export type Move = { span: Span; kind: MoveKind };

export class Plot {
  private readonly u: uPlot;
  private readonly context: PlotContext;
  private readonly moves: Moves;
  private moving: (Move & { timer: ReturnType<typeof setTimeout> | undefined }) | undefined;
  private unmarked: boolean;

  /** Draws at once; throws when that fails, after removing its elements. */
  constructor(
    private readonly host: HTMLElement,
    private chart: Chart,
    axes: Axes,
    timeZone: string,
    private view: Span,
    private state: State,
    private readonly events: PlotEvents,
    unfinished: Move | undefined,
  ) {
    this.context = { chart: () => this.chart, axes, timeZone, inks: inksOf(host) };
    this.unmarked = state === "drawn";
    this.mark();
    if (unfinished) this.begin(unfinished.span, unfinished.kind);
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
    let incomplete: uPlot | undefined;
    // Listens before uPlot, whose own listener draws in a microtask, unless the plot is destroyed by then.
    addEventListener("dppxchange", this.events.onPixels);
    try {
      // By default uPlot draws in a microtask, where its errors cannot be caught.
      return new uPlot(this.options(), this.chart.table, (u, init) => {
        incomplete = u;
        this.host.append(u.root);
        u.batch(() => {
          init();
          this.scale(u);
        });
      });
    } catch (error) {
      removeEventListener("dppxchange", this.events.onPixels);
      incomplete?.destroy();
      throw error;
    }
  }

  /** Removes the plot and returns the move in progress, for the next plot. */
  destroy(): Move | undefined {
    clearTimeout(this.moving?.timer);
    removeEventListener("dppxchange", this.events.onPixels);
    this.u.destroy();
    return this.moving;
  }

  /** Draws other rows of the same lines; `state` says whether they belong to the view. */
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
    // The dots of the cursor still mark the previous rows.
    const { left: x = -1, top: y = -1 } = this.u.cursor;
    if (x >= 0 && (changed || moved)) this.attempt(() => this.u.setCursor({ left: x, top: y }));
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

  /** Applies a change and draws it before returning. */
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

  /** The state becomes `drawn` only after the drawing. */
  private mark(): void {
    this.host.dataset.state = this.state === "drawn" ? "loading" : this.state;
  }

  private scale(u: uPlot): void {
    const { from, to } = this.moving?.span ?? this.view;
    u.setScale("x", { min: from, max: to });
  }

  private move(span: Span, kind: MoveKind): void {
    this.begin(span, kind);
    this.draw((u) => this.scale(u));
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
        if (sameSpan(span, this.view)) this.draw();
        else this.events.onView(span, kind);
      },
      soon ? 0 : SETTLE_MS,
    );
  }

  private options(): uPlot.Options {
    const hatch = hatchOf(this.context.inks.hatch);
    return optionsOf(this.context, this.host, {
      onBack: () => this.events.onBack(),
      hooks: {
        drawAxes: [(u) => drawUnits(this.context, u), (u) => drawGaps(this.context, u, hatch)],
        draw: [(u) => this.drawn(u)],
        setSelect: [(u) => this.attempt(() => this.select(u))],
        setCursor: [(u) => this.attempt(() => this.hover(u))],
      },
    });
  }

  private select(u: uPlot): void {
    const { left: start, width } = u.select;
    if (width < 1) return;
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.move({ from: u.posToVal(start, "x"), to: u.posToVal(start + width, "x") }, "zoom");
    this.settle(true);
  }

  private hover(u: uPlot): void {
    const x = u.cursor.left ?? -1;
    this.events.onHover(x < 0 ? null : { time: u.posToVal(x, "x"), x: x + u.over.offsetLeft });
  }

  /** Exposes the drawn range as data attributes, for tests and bench. */
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
