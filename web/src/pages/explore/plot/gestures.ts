// Moves the span of a chart by wheel, drag, touch and keys.

import { panned, pinched, type Span, zoomed } from "../range/range";

export type MoveKind = "zoom" | "pan";

export type Moves = {
  span: () => Span;
  /** Draws the span at once; `settle` reports it. */
  move: (span: Span, kind: MoveKind) => void;
  settle: (soon?: boolean) => void;
  reset: () => void;
};

const WHEEL_STEP = 0.0015;
const KEY_STEP = 0.1;
const KEY_ZOOM = 1.25;

/** Listens on `over`, the plot area; uPlot handles the left mouse button, which selects. */
export function listen(over: HTMLElement, moves: Moves): void {
  const positionOf = (event: { clientX: number }) => {
    const box = over.getBoundingClientRect();
    return (event.clientX - box.left) / box.width;
  };
  over.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      const [across, along] = [event.deltaX * pixels, event.deltaY * pixels];
      if (Math.abs(across) > Math.abs(along)) {
        moves.move(panned(moves.span(), across / over.clientWidth), "pan");
      } else {
        moves.move(zoomed(moves.span(), Math.exp(along * WHEEL_STEP), positionOf(event)), "zoom");
      }
      moves.settle();
    },
    { passive: false },
  );
  // Without this the middle button scrolls the page.
  over.addEventListener("mousedown", (event) => event.button === 1 && event.preventDefault());
  listenToPointers(over, moves, positionOf);
}

function listenToPointers(
  over: HTMLElement,
  moves: Moves,
  positionOf: (event: PointerEvent) => number,
): void {
  const down = new Map<number, number>();
  let began: { span: Span; positions: number[] } | undefined;
  const begin = () => {
    began = down.size ? { span: moves.span(), positions: [...down.values()] } : undefined;
  };
  over.addEventListener("pointerdown", (event) => {
    const drags =
      event.pointerType === "mouse" ? event.button === 1 || (event.button === 0 && event.shiftKey) : true;
    if (!drags || down.size === 2) return;
    down.set(event.pointerId, positionOf(event));
    over.setPointerCapture(event.pointerId);
    begin();
  });
  over.addEventListener("pointermove", (event) => {
    if (!began || !down.has(event.pointerId)) return;
    down.set(event.pointerId, positionOf(event));
    const [first = 0, second] = began.positions;
    const [firstNow = 0, secondNow] = down.values();
    if (second === undefined || secondNow === undefined) {
      moves.move(panned(began.span, first - firstNow), "pan");
    } else {
      moves.move(pinched(began.span, [first, second], [firstNow, secondNow]), "zoom");
    }
  });
  for (const end of ["pointerup", "pointercancel"] as const) {
    over.addEventListener(end, (event) => {
      if (!down.delete(event.pointerId)) return;
      begin();
      if (!down.size) moves.settle(true);
    });
  }
}

/** Handles a key and returns whether it moved the chart. */
export function press(key: string, moves: Moves): boolean {
  const span = moves.span();
  if (key === "ArrowLeft") moves.move(panned(span, -KEY_STEP), "pan");
  else if (key === "ArrowRight") moves.move(panned(span, KEY_STEP), "pan");
  else if (key === "+" || key === "=") moves.move(zoomed(span, 1 / KEY_ZOOM), "zoom");
  else if (key === "-") moves.move(zoomed(span, KEY_ZOOM), "zoom");
  else if (key === "0" || key === "Escape") {
    moves.reset();
    return true;
  } else return false;
  moves.settle();
  return true;
}
