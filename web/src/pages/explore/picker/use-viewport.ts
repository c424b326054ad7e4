import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** Height of a row in pixels. */
export const ROW = 46;
const OVERSCAN = 6;

type Viewport = {
  box: RefObject<HTMLDivElement | null>;
  /** The rows to render, [first, last). */
  first: number;
  last: number;
  /** The number of rows that Page Up and Page Down move. */
  page: number;
  /** Updates the rows after scrolling. */
  measure: () => void;
};

/** Returns the visible rows of a list of `count` rows; calls `onEnd` near its end. */
export function useViewport(count: number, onEnd: () => void): Viewport {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const measure = () => {
    const element = box.current;
    if (element) setView({ top: element.scrollTop, height: element.clientHeight });
  };
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(view.top / ROW) - OVERSCAN);
  const last = Math.min(count, Math.ceil((view.top + view.height) / ROW) + OVERSCAN);
  useEffect(() => {
    if (last + 4 * OVERSCAN >= count) onEnd();
  }, [last, count, onEnd]);
  return { box, first, last, page: Math.max(1, Math.floor(view.height / ROW) - 1), measure };
}

/** The row of the keyboard focus; `goTo` scrolls to another row and moves the focus there. */
export function useActiveRow({ box }: Viewport, count: number) {
  const [active, setActive] = useState(0);
  const focusing = useRef(false);
  // In a layout effect: the next key may come before the next frame.
  useLayoutEffect(() => {
    if (!focusing.current) return;
    focusing.current = false;
    box.current?.querySelector<HTMLElement>(`[data-row="${active}"] input`)?.focus();
  }, [active]);
  const goTo = (row: number) => {
    const element = box.current;
    if (!element || !count) return;
    const next = Math.max(0, Math.min(count - 1, row));
    focusing.current = true;
    setActive(next);
    element.scrollTop = Math.max(
      (next + 1) * ROW - element.clientHeight,
      Math.min(element.scrollTop, next * ROW),
    );
  };
  return { active, setActive, goTo };
}
