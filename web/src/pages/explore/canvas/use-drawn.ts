import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** Says in `data-state` of a figure whether it shows the newest response: `loading` or `drawn`. */
export function useDrawn(host: RefObject<HTMLElement | null>, busy: boolean) {
  const state = useRef({ busy, painting: true });
  state.current.busy = busy;
  const show = () => {
    const { busy: loading, painting } = state.current;
    host.current?.setAttribute("data-state", loading || painting ? "loading" : "drawn");
  };
  const setPainting = (painting: boolean) => {
    state.current.painting = painting;
    show();
  };
  useEffect(show, [busy]);
  return { begin: () => setPainting(true), done: () => setPainting(false) };
}
