import type { RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Store } from "../../../store";
import { THEME_CHANGED } from "../../../ui/theme";
import type { Hover } from "../plot/cursor";
import { PlotHolder, type PlotInput } from "./plot-holder";

type PlotState = {
  host: RefObject<HTMLElement | null>;
  /** The error of the last drawing; undefined after a success. */
  failure: unknown;
  press: (event: KeyboardEvent) => boolean;
  leave: () => void;
};

/** Draws the input on the element of `host`; replaces the plot when panes, zone or colours change. */
export function usePlot(input: PlotInput, hover: Store<Hover>, onWidth: (width: number) => void): PlotState {
  const host = useRef<HTMLElement>(null);
  const [failure, setFailure] = useState<unknown>();
  const holder = useMemo(() => new PlotHolder(input, host, hover, setFailure), [hover]);
  holder.input = input;
  const theme = useTheme();
  const { panes, timeZone, view, state } = input;
  const frames = panes.map(({ axes, lines }) => [
    axes,
    lines.map(({ name, unit, slot, draw }) => [name, unit, slot, draw]),
  ]);
  const layout = JSON.stringify([frames, timeZone]);
  useEffect(() => () => holder.remove(), [layout, theme]);
  useEffect(() => holder.show(), [panes, view.from, view.to, state, layout, theme]);
  useEffect(() => observeSize(host.current, holder, onWidth), [onWidth]);
  return { host, failure, press: (event) => holder.press(event), leave: () => holder.leave() };
}

function observeSize(element: HTMLElement | null, holder: PlotHolder, onWidth: (width: number) => void) {
  if (!element) return undefined;
  const observer = new ResizeObserver(() => {
    // An element outside the document has no size; the chart keeps its last size.
    if (!element.clientWidth) return;
    holder.resize(element.clientWidth, element.clientHeight);
    onWidth(element.clientWidth);
  });
  observer.observe(element);
  return () => observer.disconnect();
}

/** Returns a counter that grows when the button or the system changes the colours. */
export function useTheme(): number {
  const [round, next] = useState(0);
  useEffect(() => {
    const change = () => next((before) => before + 1);
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", change);
    addEventListener(THEME_CHANGED, change);
    return () => {
      system.removeEventListener("change", change);
      removeEventListener(THEME_CHANGED, change);
    };
  }, []);
  return round;
}
