import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

export type Size = { width: number; height: number };

/** Returns the size of an element in whole pixels; zero until it is laid out. */
export function useSize(element: RefObject<HTMLElement | null>): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useEffect(() => {
    const host = element.current;
    if (!host) return undefined;
    const observer = new ResizeObserver(() => {
      const { clientWidth: width, clientHeight: height } = host;
      setSize((before) => (before.width === width && before.height === height ? before : { width, height }));
    });
    observer.observe(host);
    return () => observer.disconnect();
  }, []);
  return size;
}
