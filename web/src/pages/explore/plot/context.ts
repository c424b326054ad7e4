import type { Axes } from "../data/axes";
import type { Chart } from "../data/line";
import type { Inks } from "./inks";

/** What a plot is drawn from; `chart` returns the rows of now, which change while the plot stays. */
export type PlotContext = { chart: () => Chart; axes: Axes; inks: Inks };
