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
const LEVELS: readonly Kind[] = ["analog", "setpoint"];
const RISING: readonly Kind[] = ["counter", "analog"];
/** Without a measure, buckets have the means of analog points and the last readings of counters. */
const UNMEASURED: readonly Kind[] = ["analog", "counter"];
const ofNumbers = { kinds: NUMBERS, reason: "Only binary and multistate points are selected" } as const;
const ofLevels = { kinds: LEVELS, reason: "No analog point or setpoint is selected" } as const;
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
    ...ofLevels,
  },
  sd: { title: "Standard deviation", help: "How far samples are from their mean", ...ofLevels },
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
  integral: { title: "Integral", help: "Value times hours: kWh of kW", ...ofLevels, total: true },
} as const satisfies Record<string, MeasureInfo>;

export type Measure = keyof typeof MEASURES;

/** The measures whose values are readings. */
const READINGS: readonly Measure[] = ["min", "max", "first", "last"];

export function parseMeasure(text: string | null): Measure | undefined {
  return text !== null && Object.hasOwn(MEASURES, text) ? (text as Measure) : undefined;
}

/** Whether a point of a kind has a measure; without one, whether buckets of it are drawn. */
export function hasMeasure(kind: Kind, measure: Measure | undefined): boolean {
  const kinds: readonly Kind[] = measure ? MEASURES[measure].kinds : UNMEASURED;
  return kinds.includes(kind);
}

/** Whether the mean of a measure over buckets means something: readings of a counter only rise. */
export function hasMean(kind: Kind, measure: Measure | undefined): boolean {
  return kind !== "counter" || (measure !== undefined && !READINGS.includes(measure));
}

export function isTotal(measure: Measure | undefined): boolean {
  return measure !== undefined && "total" in MEASURES[measure];
}
