// Draws panes in turns, so that no task of the browser takes long.

/** The rows of the panes of one turn; a pane with more has a turn of its own. */
const MOST_ROWS = 10_000;

export type TurnEvents = {
  draw: (pane: number) => void;
  rowsOf: (pane: number) => number;
  /** All panes are drawn. */
  onDone: () => void;
  /** Runs a turn in a task of its own, and handles its errors. */
  attempt: (turn: () => void) => void;
};

/** The panes that wait for their drawing. */
export class Turns {
  // Adding one that waits does not change its place, so that none waits for ever.
  private readonly waiting = new Set<number>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly events: TurnEvents) {}

  get isDone(): boolean {
    return !this.waiting.size;
  }

  /** Draws panes, the first of them at once unless others wait. */
  start(panes: Iterable<number>): void {
    for (const pane of panes) this.waiting.add(pane);
    if (this.timer === undefined) this.turn();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting.clear();
  }

  private turn(): void {
    const { draw, rowsOf, onDone, attempt } = this.events;
    this.timer = undefined;
    let rows = 0;
    for (const pane of this.waiting) {
      rows += rowsOf(pane);
      if (rows > MOST_ROWS && rows > rowsOf(pane)) break;
      this.waiting.delete(pane);
      draw(pane);
    }
    if (this.waiting.size) this.timer = setTimeout(() => attempt(() => this.turn()));
    else onDone();
  }
}
