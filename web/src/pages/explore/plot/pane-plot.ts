// One pane of a plot on its canvas.

import uPlot from "uplot";
import type { Pane } from "../data/panes";
import type { Span } from "../range/range";
import type { PlotContext } from "./context";
import { drawBands } from "./draw-bands";
import { bucketAt, drawBars } from "./draw-bars";
import { drawLanes } from "./draw-lanes";
import { drawGaps, drawMarked, drawUnits } from "./drawing";
import { hatchOf, type Inks } from "./inks";
import { optionsOf, type PaneFrame } from "./options";

export type PaneEvents = {
  onBack: () => void;
  onSelect: (u: uPlot) => void;
  onCursor: (u: uPlot) => void;
};

export class PanePlot {
  readonly u: uPlot;
  readonly lanes: boolean;
  /** The number of bars of the last drawing. */
  bars = 0;
  /** The changes of the sides that the last drawing knew. */
  private aligned: number;
  /** Marks the bucket under the cursor. */
  private readonly bucket: HTMLElement;

  /** Draws the span at once; throws when that fails, after removing its elements. */
  constructor(
    host: HTMLElement,
    private pane: Pane,
    timeZone: string,
    inks: Inks,
    private frame: PaneFrame,
    view: Span,
    events: PaneEvents,
  ) {
    this.lanes = pane.lanes;
    this.context = { chart: () => this.pane, timeZone, inks };
    const hatch = hatchOf(inks.hatch);
    const options = optionsOf(this.context, frame, {
      onBack: events.onBack,
      hooks: {
        drawAxes: [(u) => this.drawBack(u, hatch)],
        setSelect: [events.onSelect],
        setCursor: [events.onCursor],
      },
    });
    this.u = create(host, options, pane.table, view);
    this.aligned = frame.sides.changes;
    this.u.ctx.canvas.setAttribute("role", "img");
    this.bucket = document.createElement("div");
    this.bucket.className = "bucket";
    this.bucket.hidden = true;
    this.u.over.prepend(this.bucket);
  }

  private readonly context: PlotContext;

  destroy(): void {
    this.u.destroy();
  }

  get lines(): Pane["lines"] {
    return this.pane.lines;
  }

  /** Whether a pane drawn later needed wider sides. */
  get isNarrow(): boolean {
    return this.aligned !== this.frame.sides.changes;
  }

  /** Draws other rows of the same lines, another span or another size. */
  show(pane: Pane, view: Span, width: number, height: number): void {
    const changed = pane !== this.pane;
    this.pane = pane;
    this.u.batch((u: uPlot) => {
      if (width !== u.width || height !== u.height) u.setSize({ width, height });
      if (changed) u.setData(pane.table, false);
      if (this.isNarrow) u.redraw(true, true);
      u.setScale("x", { min: view.from, max: view.to });
    });
    this.aligned = this.frame.sides.changes;
  }

  /** Moves the cursor to a position of the chart's cursor; -1 hides it. */
  point(left: number): void {
    if (left !== this.u.cursor.left) this.u.setCursor({ left, top: left < 0 ? -1 : 1 }, false);
    this.markBucket(left);
  }

  /** Shows a selection that is made in another pane. */
  select(left: number, width: number): void {
    if (width !== this.u.select.width || left !== this.u.select.left) {
      this.u.setSelect({ left, width, top: 0, height: this.u.over.clientHeight }, false);
    }
  }

  private markBucket(left: number): void {
    const bucket = left < 0 ? undefined : bucketAt(this.context, timeAt(this.u, left));
    this.bucket.hidden = !bucket;
    if (!bucket) return;
    const [start, end] = [this.u.valToPos(bucket.from, "x"), this.u.valToPos(bucket.to, "x")];
    Object.assign(this.bucket.style, { left: `${start}px`, width: `${end - start}px` });
  }

  private drawBack(u: uPlot, hatch: CanvasPattern | string): void {
    drawMarked(this.context, u);
    if (this.lanes) {
      drawLanes(this.context, u, hatch);
      return;
    }
    drawUnits(this.context, u);
    drawGaps(this.context, u, hatch);
    drawBands(this.context, u);
    this.bars = drawBars(this.context, u);
  }
}

/** Returns the time at a position; whole, because pixels are not, and a sample must be in force at its own time. */
export function timeAt(u: uPlot, left: number): number {
  return Math.round(u.posToVal(left, "x"));
}

/** Creates a uPlot that is drawn before it returns; by default it draws in a microtask, whose errors are lost. */
function create(host: HTMLElement, options: uPlot.Options, table: uPlot.AlignedData, view: Span): uPlot {
  let incomplete: uPlot | undefined;
  try {
    return new uPlot(options, table, (u, init) => {
      incomplete = u;
      host.append(u.root);
      u.batch(() => {
        init();
        u.setScale("x", { min: view.from, max: view.to });
      });
    });
  } catch (error) {
    incomplete?.destroy();
    throw error;
  }
}
