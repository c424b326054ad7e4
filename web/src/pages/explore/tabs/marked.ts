import { createContext } from "preact";
import { Store } from "../../../store";
import type { Span } from "../range/range";
import type { Box } from "../scatter/marks";

/** The pairs that are marked in the scatter of two points: their rectangle and their times. */
export type Marked = { points: string; box: Box; spans: Span[] } | null;

/** Shared by the views of the selection; no part of the address. */
export const MarkedStore = createContext(new Store<Marked>(null));
