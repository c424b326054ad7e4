// The measures that a chart can have, and the kinds of points that have them.

import type { Point } from "../../../api/types";

type Kind = Point["kind"];

type MeasureInfo = {
  title: string;
  help: string;
  kinds: readonly Kind[];
  /** Why a selection without such a point has no such measure. */
  reason: string;
  /** Whether the values of buckets add up, so that they are bars with a total. */
  total?: true;
};

const NUMBERS: readonly Kind[] = ["analog", "setpoint", "counter"];
const RISING: readonly Kind[] = ["counter", "analog"];
const ofNumbers = { kinds: NUMBERS, reason: "Only binary and multistate points are selected" } as const;
const ofRising = { kinds: RISING, reason: "No counter or analog point is selected" } as const;
const ofStates = { kinds: ["binary"], reason: "No binary point is selected" } as const;

/** The measures by their name in queries and in the address; without one, a chart has samples or means. */
export const MEASURES = {
  min: { title: "Minimum", help: "The lowest sample of each bucket", ...ofNumbers },
  max: { title: "Maximum", help: "The highest sample of each bucket", ...ofNumbers },
  first: { title: "First", help: "The first sample of each bucket", ...ofNumbers },
  last: { title: "Last", help: "The last sample of each bucket", ...ofNumbers },
  time_weighted_mean: {
    title: "Time-weighted mean",
    help: "Each sample counts as long as it is in force",
    ...ofNumbers,
  },
  sd: { title: "Standard deviation", help: "How far samples are from their mean", ...ofNumbers },
  count: { title: "Count", help: "The number of samples", ...ofNumbers, total: true },
  increase: {
    title: "Increase",
    help: "By how much a counter rose: kWh of a meter",
    ...ofRising,
    total: true,
  },
  rate: { title: "Rate", help: "The increase per hour", ...ofRising },
  runtime: { title: "Running time", help: "How long a binary point was on", ...ofStates, total: true },
  starts: { title: "Starts", help: "How often a binary point was switched on", ...ofStates, total: true },
  integral: { title: "Integral", help: "Value times hours: kWh of kW", ...ofNumbers, total: true },
} as const satisfies Record<string, MeasureInfo>;

export type Measure = keyof typeof MEASURES;

export function parseMeasure(text: string | null): Measure | undefined {
  return text !== null && Object.hasOwn(MEASURES, text) ? (text as Measure) : undefined;
}

/** Whether a point of a kind has a measure; without one, whether buckets of it have a mean. */
export function hasMeasure(kind: Kind, measure: Measure | undefined): boolean {
  const kinds: readonly Kind[] = measure ? MEASURES[measure].kinds : RISING;
  return kinds.includes(kind);
}

export function isTotal(measure: Measure | undefined): boolean {
  return measure !== undefined && "total" in MEASURES[measure];
}
