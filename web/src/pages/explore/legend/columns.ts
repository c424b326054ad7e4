// The columns of the table below the chart.

import { counted, duration, number, percent } from "../../../ui/format";
import { formatValue } from "../format";
import type { Measure } from "../measure/measures";
import { symbol } from "../units";
import type { LegendRow } from "./rows";

/** The text of a cell: a number with its unit, and what it needs to be understood. */
export type Cell = { text: string; unit?: string; note?: string };

export type Column = {
  key: string;
  title: string;
  help: string;
  /** What the column is sorted by, and what CSV has; null for an empty cell. */
  value: (row: LegendRow) => number | string | null;
  /** The unit of the value, where it is not always that of the line. */
  unit?: (row: LegendRow) => string;
  cell: (row: LegendRow) => Cell;
};

const EMPTY: Cell = { text: "–" };

type NumberKey = "min" | "mean" | "max" | "increase" | "total" | "last";

function numbers(key: NumberKey, title: string, help: string): Column {
  return {
    key,
    title,
    help,
    value: (row) => row[key],
    cell: (row) => quantity(row[key], row.line.unit),
  };
}

function quantity(value: number | null, unit: string): Cell {
  return value === null ? EMPTY : { text: formatValue(value), unit: symbol(unit) };
}

const NAME: Column = {
  key: "point",
  title: "Point",
  help: "The name of the point",
  value: ({ line }) => line.label,
  cell: ({ line }) => ({ text: line.label }),
};

const INCREASE: Column = {
  ...numbers("increase", "Increase", "By how much a counter rose in this range"),
  unit: (row) => row.increaseUnit,
  cell: (row) => quantity(row.increase, row.increaseUnit),
};

const RUNTIME: Column = {
  key: "runtime",
  title: "Running time",
  help: "How long a binary point was on",
  value: (row) => row.runtime,
  unit: () => "seconds",
  cell: ({ runtime }) => (runtime === null ? EMPTY : { text: duration(runtime) }),
};

const TOTAL: Column = {
  ...numbers("total", "Total", "The sum of the bars"),
  cell: (row) => ({ ...quantity(row.total, row.line.unit), ...(row.total !== null && doubtsOf(row)) }),
};

/** Returns what a reader of a total must know: its upper bound, how much is known, and resets of the counter. */
function doubtsOf({ total, most, known, resets, line }: LegendRow): { note?: string } {
  const doubts = [
    most !== null &&
      total !== null &&
      most > total &&
      `at most ${formatValue(most)} ${symbol(line.unit)}`.trim(),
    known !== null && known < 0.995 && `${percent(known, 1)} known`,
    resets > 0 && counted(resets, "reset"),
  ].filter(Boolean);
  return doubts.length ? { note: doubts.join(", ") } : {};
}

const DIFFERENCE: Column = {
  key: "difference",
  title: "Difference",
  help: "From the compared range: of the totals of whole bars, of the running time, of the increase, or of the mean; of whole weeks or months where the buckets are of them",
  value: (row) => row.difference,
  unit: differenceUnit,
  cell: (row) => differenceCell(row),
};

const EARLIER: Column = {
  key: "before",
  title: "Earlier",
  help: "What the difference is from: the total, the running time, the increase or the mean of the compared range",
  value: (row) => row.before,
  unit: differenceUnit,
  cell: (row) => earlierCell(row),
};

const COVERAGE: Column = {
  key: "coverage",
  title: "Coverage",
  help: "Received samples of those expected",
  value: (row) => row.coverage,
  cell: ({ coverage }) => (coverage === null ? EMPTY : { text: percent(coverage, 1) }),
};

/** Returns the columns that the rows need. */
export function columnsOf(
  rows: readonly LegendRow[],
  measure: Measure | undefined,
  isCompared: boolean,
): Column[] {
  const has = (kind: LegendRow["kind"]) => rows.some((row) => row.kind === kind);
  return [
    NAME,
    numbers("min", "Min", "The lowest sample; of a measure, the lowest bucket that is over"),
    numbers("mean", "Mean", "Of samples; of a measure, of the buckets that are over"),
    numbers("max", "Max", "The highest sample; of a measure, the highest bucket that is over"),
    numbers("last", "Last", "The last reading; of a measure, its last bucket; or the value at the cursor"),
    ...(has("counter") && measure !== "increase" ? [INCREASE] : []),
    ...(has("binary") && measure !== "runtime" ? [RUNTIME] : []),
    ...(rows.some(({ line }) => line.draw === "bars") ? [TOTAL] : []),
    ...(isCompared ? [EARLIER, DIFFERENCE] : []),
    COVERAGE,
  ];
}

/** Returns the unit of a difference: of measured lines that of the line, else of what their kind compares. */
function differenceUnit({ isMeasured, kind, line, increaseUnit }: LegendRow): string {
  if (isMeasured) return line.unit;
  return kind === "binary" ? "seconds" : kind === "counter" ? increaseUnit : line.unit;
}

function isDuration({ kind, isMeasured }: LegendRow): boolean {
  return kind === "binary" && !isMeasured;
}

/** Returns what the compared range had, with the number of bars where some of the range's own are left out. */
function earlierCell(row: LegendRow): Cell {
  const { before, comparedBars, line } = row;
  if (before === null) return EMPTY;
  const isPart = comparedBars !== null && comparedBars < line.times.length;
  return {
    ...(isDuration(row) ? { text: duration(before) } : quantity(before, differenceUnit(row))),
    ...(isPart && { note: `of ${counted(comparedBars, "whole bar")}` }),
  };
}

/** Returns a difference with its sign, and with its share of what it is compared with. */
function differenceCell(row: LegendRow): Cell {
  const { difference, before } = row;
  if (difference === null) return EMPTY;
  const sign = difference > 0 ? "+" : difference < 0 ? "−" : "±";
  const size = Math.abs(difference);
  const isTime = isDuration(row);
  const share = before ? Math.round(Math.abs(1000 * (difference / before))) / 10 : null;
  return {
    text: sign + (isTime ? duration(size) : formatValue(size)),
    ...(isTime ? {} : { unit: symbol(differenceUnit(row)) }),
    ...(share !== null && share < 1000 && { note: `${share ? sign : ""}${number(share, 1)} %` }),
  };
}
