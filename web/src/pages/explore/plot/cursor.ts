// The cursor of a plot, which the pointer or keys move.

import type uPlot from "uplot";
import { type PanePlot, timeAt } from "./pane-plot";

/**
 * The time at the cursor, its distance from the left edge of the chart, and the edges of its pane, in pixels;
 * `keyed` when keys moved it there.
 */
export type Hover = { time: number; x: number; top: number; bottom: number; keyed: boolean } | null;

export class PlotCursor {
  /** The pane under the cursor. */
  private pointed: uPlot | undefined;
  /** Where keys moved it. */
  private keyed: { time: number; left: number } | undefined;

  constructor(
    private readonly panes: readonly PanePlot[],
    private readonly onHover: (hover: Hover) => void,
  ) {}

  /** The time at the cursor, while it is shown. */
  get time(): number | undefined {
    const { pointed } = this;
    return this.keyed?.time ?? (pointed && timeAt(pointed, pointed.cursor.left ?? 0));
  }

  /** Follows the pointer in a pane, or away from it. */
  follow(u: uPlot): void {
    const left = u.cursor.left ?? -1;
    // uPlot also reports the cursor when it draws.
    if (left < 0 ? u !== this.pointed : left === this.keyed?.left) return;
    this.keyed = undefined;
    this.show(u, left);
  }

  /** Moves to a time, or hides when that is out of view. */
  moveTo(time: number): void {
    const u = this.pointed ?? this.panes[0]?.u;
    if (!u) return;
    const { min, max } = u.scales.x as uPlot.Scale;
    const shown = min != null && max != null && min <= time && time <= max;
    const left = shown ? u.valToPos(time, "x") : -1;
    this.keyed = shown ? { time, left } : undefined;
    for (const pane of this.panes) pane.point(-1);
    this.show(u, left);
  }

  /** Hides the cursor if keys moved it, and returns whether they did. */
  hide(): boolean {
    const { keyed, pointed } = this;
    this.keyed = undefined;
    if (keyed && pointed) this.show(pointed, -1);
    return keyed !== undefined;
  }

  /** Marks the rows of a new drawing. */
  renew(): void {
    if (this.keyed) {
      this.moveTo(this.keyed.time);
      return;
    }
    const { left = -1, top = -1 } = this.pointed?.cursor ?? {};
    if (left >= 0) this.pointed?.setCursor({ left, top });
  }

  private show(u: uPlot, left: number): void {
    this.pointed = left < 0 ? undefined : u;
    for (const pane of this.panes) {
      pane.point(left);
      if (pane.u !== u) pane.select(u.select.left, u.select.width);
    }
    this.onHover(left < 0 ? null : this.hoverOf(u, left));
  }

  private hoverOf(u: uPlot, left: number): Hover {
    const { offsetTop: top, offsetHeight: height } = u.root;
    return {
      time: this.keyed?.time ?? timeAt(u, left),
      x: left + u.over.offsetLeft,
      top: top + u.over.offsetTop,
      bottom: top + height,
      keyed: this.keyed !== undefined,
    };
  }
}
