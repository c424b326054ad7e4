import type { Axes } from "../data/axes";
import type { Chart } from "../data/line";
import type { Inks } from "./inks";

/** The input of drawing; `chart` returns the current rows, which change during the life of the plot. */
export type PlotContext = { chart: () => Chart; axes: Axes; timeZone: string; inks: Inks };
