import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { type Paint, useCanvas } from "./use-canvas";
import type { Size } from "./use-size";

type Frame = { host: RefObject<HTMLElement | null>; busy: boolean; size: Size };

/** Paints the picture of a figure, whose `data-state` says whether it shows the newest response: `loading` or `drawn`. */
export function usePicture(
  { host, busy, size }: Frame,
  paint: Paint,
  keys: readonly unknown[],
): RefObject<HTMLCanvasElement | null> {
  const state = useRef({ busy, painting: true });
  state.current.busy = busy;
  const show = (painting: boolean) => {
    state.current.painting = painting;
    const loading = state.current.busy || painting;
    host.current?.setAttribute("data-state", loading ? "loading" : "drawn");
  };
  useEffect(() => show(state.current.painting), [busy]);
  const begin: Paint = (ctx, area) => {
    show(true);
    return paint(ctx, area);
  };
  return useCanvas(size, begin, keys, () => show(false));
}
