import type { Pane } from "../data/panes";
import type { Inks } from "./inks";

/** The input of drawing a pane; `chart` returns its current rows, which change during the life of the plot. */
export type PlotContext = { chart: () => Pane; timeZone: string; inks: Inks };
