import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Whether the figure in the view around an element is drawn. */
export function useFigureDrawn(element: RefObject<HTMLElement | null>): boolean {
  const [drawn, setDrawn] = useState(false);
  useEffect(() => {
    const view = element.current?.closest(".view");
    if (!view) return undefined;
    const update = () => setDrawn(view.querySelector("figure.chart[data-state=drawn]") !== null);
    const observer = new MutationObserver(update);
    observer.observe(view, { subtree: true, childList: true, attributeFilter: ["data-state"] });
    update();
    return () => observer.disconnect();
  }, []);
  return drawn;
}
