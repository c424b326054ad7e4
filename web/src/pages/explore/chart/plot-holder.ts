import type { Store } from "../../../store";
import { times } from "../../../ui/format";
import type { Axes } from "../data/axes";
import type { Chart } from "../data/line";
import { type Move, Plot, type PlotEvents, type State } from "../plot/plot";
import type { Span } from "../range/range";
import { symbol } from "../units";

/** The time under the pointer, and its distance from the left edge of the chart in pixels. */
export type Hover = { time: number; x: number } | null;

export type PlotInput = {
  chart: Chart;
  axes: Axes;
  view: Span;
  timeZone: string;
  /** `drawn` when the rows belong to the view; `loading` while they belong to the previous view. */
  state: State;
} & Omit<PlotEvents, "onHover" | "onPixels" | "onFailure">;

/** Owns the plot of a figure: creates, replaces and removes it. */
export class PlotHolder {
  private plot: Plot | undefined;
  /** The move in progress, which the next plot continues. */
  private unfinished: Move | undefined;

  constructor(
    /** What to draw. */
    public input: PlotInput,
    private readonly host: { readonly current: HTMLElement | null },
    private readonly hover: Store<Hover>,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Draws the input; creates the plot when there is none, also after a failure. */
  show(): void {
    const { chart, view, timeZone, state } = this.input;
    if (this.plot) this.plot.show(chart, view, state);
    else this.create();
    this.plot?.name(labelOf(chart, view, timeZone));
  }

  remove(): void {
    this.hover.set(null);
    this.unfinished = this.plot?.destroy();
    this.plot = undefined;
  }

  resize(width: number, height: number): void {
    this.plot?.size(width, height);
  }

  /** Handles a key and returns whether it moved the chart. */
  press(key: string): boolean {
    return this.plot?.press(key) ?? false;
  }

  private create(): void {
    const element = this.host.current;
    if (!element) return;
    const { chart, axes, timeZone, view, state } = this.input;
    try {
      this.plot = new Plot(element, chart, axes, timeZone, view, state, this.handlers(), this.unfinished);
      this.onFailure(undefined);
    } catch (error) {
      this.fail(error);
    }
    this.unfinished = undefined;
  }

  private handlers(): PlotEvents {
    return {
      onView: (span, kind) => this.input.onView(span, kind),
      onReset: () => this.input.onReset(),
      onBack: () => this.input.onBack(),
      onHover: (hover) => this.hover.set(hover),
      onPixels: () => {
        this.remove();
        this.show();
      },
      onFailure: (error) => this.fail(error),
    };
  }

  private fail(error: unknown): void {
    console.error(error);
    this.plot?.destroy();
    this.plot = undefined;
    this.hover.set(null);
    if (this.host.current) this.host.current.dataset.state = "failed";
    this.onFailure(error ?? "unknown error");
  }
}

function labelOf({ lines, gaps }: Chart, { from, to }: Span, timeZone: string): string {
  const names = lines.map(({ label, unit }) => label + (unit && ` (${symbol(unit)})`)).join(", ");
  const missing = gaps.length ? `; ${gaps.length === 1 ? "1 gap" : `${gaps.length} gaps`}` : "";
  return `Line chart of ${names}, ${times(from, to, timeZone)}${missing}`;
}
