import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** Height of a row in pixels. */
export const ROW = 46;
const OVERSCAN = 6;

export type Viewport = {
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
