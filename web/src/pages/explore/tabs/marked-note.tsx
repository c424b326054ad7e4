import { useContext, useMemo } from "preact/hooks";
import { useStore } from "../../../store";
import { counted } from "../../../ui/format";
import type { Pane } from "../data/panes";
import { MarkedStore } from "./marked";

/** Returns the panes with the times that are marked in the scatter. */
export function useMarkedPanes(panes: Pane[]): Pane[] {
  const marked = useStore(useContext(MarkedStore));
  return useMemo(
    () => (marked ? panes.map((pane) => ({ ...pane, marked: marked.spans })) : panes),
    [panes, marked],
  );
}

/** Says what is shaded in the chart. */
export function MarkedNote() {
  const store = useContext(MarkedStore);
  const marked = useStore(store);
  if (!marked) return null;
  return (
    <p class="chart-note">
      Shaded: {counted(marked.spans.length, "span")} marked in Scatter.{" "}
      <button type="button" class="quiet inline" onClick={() => store.set(null)}>
        Clear
      </button>
    </p>
  );
}
