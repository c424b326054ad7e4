// Lines for tests.

import type { Line } from "../src/pages/explore/data/line";

/** Returns an empty line with other fields. */
export function lineOf(fields: Partial<Line> = {}): Line {
  return {
    name: "a",
    label: "a",
    unit: "",
    slot: 0,
    draw: "line",
    aggregate: "mean",
    states: new Map(),
    hold: 10,
    compared: false,
    times: [],
    values: [],
    low: [],
    high: [],
    ends: [],
    partial: [],
    gaps: [],
    expected: null,
    received: 0,
    column: 0,
    factor: 1,
    isolated: [],
    ...fields,
  };
}
