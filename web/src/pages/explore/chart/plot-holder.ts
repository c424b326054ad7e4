import type { Store } from "../../../store";
import { times } from "../../../ui/format";
import type { Pane } from "../data/panes";
import type { Hover } from "../plot/cursor";
import { type Move, type Picture, Plot, type PlotEvents } from "../plot/plot";
import type { Span } from "../range/range";
import { symbol } from "../units";

export type PlotInput = Picture & { timeZone: string } & Omit<
    PlotEvents,
    "onHover" | "onPixels" | "onFailure"
  >;

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
    const { view, timeZone } = this.input;
    if (this.plot) this.plot.show(this.input);
    else this.create();
    this.plot?.name((pane) => labelOf(pane, view, timeZone));
  }

  remove(): void {
    this.hover.set(null);
    this.unfinished = this.plot?.destroy();
    this.plot = undefined;
  }

  resize(width: number, height: number): void {
    this.plot?.size(width, height);
  }

  /** Handles a key and returns whether it moved the chart or its cursor. */
  press(event: Pick<KeyboardEvent, "key" | "shiftKey">): boolean {
    return this.plot?.press(event) ?? false;
  }

  /** Hides a cursor that keys moved. */
  leave(): void {
    this.plot?.leave();
  }

  private create(): void {
    const element = this.host.current;
    if (!element) return;
    try {
      this.plot = new Plot(element, this.input, this.input.timeZone, this.handlers(), this.unfinished);
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

function labelOf({ lanes, lines, gaps }: Pane, { from, to }: Span, timeZone: string): string {
  const names = lines.map(({ label, unit }) => label + (unit && ` (${symbol(unit)})`)).join(", ");
  const missing = gaps.length ? `; ${gaps.length === 1 ? "1 gap" : `${gaps.length} gaps`}` : "";
  return `${lanes ? "Lanes" : lines.every(({ draw }) => draw === "bars") ? "Bar chart" : "Line chart"} of ${names}, ${times(from, to, timeZone)}${missing}`;
}
