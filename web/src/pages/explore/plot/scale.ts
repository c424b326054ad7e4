// The y scale of any finite doubles: range, ticks and labels.
//
// The ticks of uPlot stop at 1e±32, and loop forever when a step is too small to change a double.

import { axisValues, exponential, fits } from "../format";

export type Ticks = { values: number[]; labels: string[] };

/** The number of steps in the lowest chart, and the maximum of any axis. */
const ROOM = 5;
const MAX_STEPS = 100;
/** A spread below this share of the values counts as a flat line. */
const FLAT = 1e-10;
const LEAST_DOUBLE = 5e-324;
const MULTIPLES = [
  { digits: 1, shift: 0 },
  { digits: 2, shift: 0 },
  { digits: 25, shift: -1 },
  { digits: 5, shift: 0 },
];

/** Returns a factor for the values of a scale with which no difference of two values overflows. */
export function factorOf(values: Iterable<number>): number {
  for (const value of values) if (Number.isFinite(value) && Math.abs(value) > 2 ** 1000) return 2 ** -32;
  return 1;
}

/** Returns the range of a scale whose values, multiplied by `factor`, go from `least` to `greatest`. */
export function rangeOf(least: number | null, greatest: number | null, factor = 1): [number, number] {
  if (least === null || greatest === null) return [0, 1];
  if (!least && !greatest) return [0, 100];
  const sided = ([min, max]: [number, number]): [number, number] => [
    least >= 0 ? Math.max(0, min) : min,
    greatest <= 0 ? Math.min(0, max) : max,
  ];
  let range = sided(padded(least, greatest));
  // Doubling soon makes the range as wide as its values are large, where two digits distinguish ticks.
  for (let doubled = 0; doubled < 64 && ticksOf(...range, ROOM, factor).values.length < 2; doubled++) {
    const half = Math.max(range[1] - range[0], LEAST_DOUBLE) / 2;
    range = sided([range[0] - Math.max(half, LEAST_DOUBLE), range[1] + Math.max(half, LEAST_DOUBLE)]);
  }
  return range;
}

/** Returns the values extended to round numbers, as uPlot does. */
function padded(least: number, greatest: number): [number, number] {
  const size = Math.max(Math.abs(least), Math.abs(greatest));
  const spread = greatest - least;
  const flat = spread <= size * FLAT;
  const pad = flat ? size : spread / 10;
  const exponent = Math.floor(Math.log10(flat ? size : spread)) - 1;
  const unit = Math.max(LEAST_DOUBLE, Number(`1e${exponent}`));
  return [multiple(least - pad, unit, Math.floor), multiple(greatest + pad, unit, Math.ceil)];
}

/** Returns a multiple of a unit near a value; ignores noise in the last digits. */
function multiple(value: number, unit: number, round: (quotient: number) => number): number {
  const quotient = value / unit;
  const nearest = Math.round(quotient);
  const whole = Math.abs(quotient - nearest) < 1e-6 ? nearest : round(quotient);
  return Number((whole * unit).toPrecision(15));
}

/** Returns distinct ticks with distinct labels from `min` to `max`, at most `room` steps. */
export function ticksOf(min: number, max: number, room: number, factor = 1): Ticks {
  const steps = Math.min(MAX_STEPS, Math.max(1, room));
  const finest = Math.max(LEAST_DOUBLE, (max - min) / steps / factor);
  const first = Math.floor(Math.log10(finest));
  for (let exponent = first; exponent < first + 4; exponent++) {
    for (const { digits, shift } of MULTIPLES) {
      const size = Number(`${digits}e${exponent + shift}`);
      if (size < finest || size === Number.POSITIVE_INFINITY) continue;
      const ticks = labelled(min, max, { digits, exponent: exponent + shift, size }, factor);
      if (ticks) return ticks;
    }
  }
  return { values: [], labels: [] };
}

/** Returns the ticks at whole numbers. */
export function wholeTicks({ values, labels }: Ticks): Ticks {
  const isWhole = (row: number) => Number.isInteger(values[row]);
  return {
    values: values.filter((_, row) => isWhole(row)),
    labels: labels.filter((_, row) => isWhole(row)),
  };
}

type Step = { digits: number; exponent: number; size: number };

/** Returns the multiples of a step in a range; undefined when two values or labels are equal. */
function labelled(min: number, max: number, step: Step, factor: number): Ticks | undefined {
  const ticks: { value: number; whole: number; digits: number }[] = [];
  const first = Math.floor(min / (step.size * factor));
  for (let index = 0; index <= MAX_STEPS + 1; index++) {
    // The nearest double of the decimal number; a sum of steps would accumulate errors.
    const digits = (first + index) * step.digits;
    const whole = Number(`${digits}e${step.exponent}`);
    const value = whole * factor;
    if (value > max) break;
    if (value >= min && Number.isFinite(whole)) ticks.push({ value, whole, digits });
  }
  const values = ticks.map(({ value }) => value);
  if (values.some((value, index) => index > 0 && value <= (values[index - 1] as number))) return undefined;
  const wholes = ticks.map(({ whole }) => whole);
  const labels = [
    () => axisValues(wholes, step.size),
    () => axisValues(wholes, step.size, true),
    () => ticks.map(({ digits }) => exponential(digits, step.exponent)),
  ];
  for (const write of labels) {
    const written = write();
    if (written.every(fits) && new Set(written).size === written.length) return { values, labels: written };
  }
  return undefined;
}
