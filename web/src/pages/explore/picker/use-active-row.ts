import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Point } from "../../../api/types";
import { bounded } from "../../../ui/bounded";
import { ROW, type Viewport } from "./use-viewport";

/** The row of the keyboard focus; `press` scrolls to another row and moves the focus there, or calls `onEnter`. */
export function useActiveRow({ box, page }: Viewport, points: Point[], onEnter: (point: Point) => void) {
  const count = points.length;
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
    const next = bounded(row, 0, count - 1);
    focusing.current = true;
    setActive(next);
    element.scrollTop = Math.max(
      (next + 1) * ROW - element.clientHeight,
      Math.min(element.scrollTop, next * ROW),
    );
  };
  const press = (event: KeyboardEvent) => {
    const row = rowByKey(event.key, active, count, page);
    const point = points[active];
    if (row === undefined && event.key !== "Enter") return;
    event.preventDefault();
    if (row !== undefined) goTo(row);
    else if (point) onEnter(point);
  };
  return { active, setActive, press };
}

/** Returns the row that a key moves to; undefined for other keys. */
function rowByKey(key: string, row: number, count: number, page: number): number | undefined {
  switch (key) {
    case "ArrowDown":
      return row + 1;
    case "ArrowUp":
      return row - 1;
    case "PageDown":
      return row + page;
    case "PageUp":
      return row - page;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}
