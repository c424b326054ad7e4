// The y scale of any finite doubles: its range, its ticks and their labels.
//
// uPlot's own ticks end at 1e±32 and never end where a step is too small to change a double.

import { axisValues, exponential, fits } from "../format";

export type Ticks = { values: number[]; labels: string[] };

/** Steps that the lowest chart has room for, and that no axis has more than. */
const ROOM = 5;
const MAX_STEPS = 100;
/** Below this share of the values a range is that of a flat line. */
const FLAT = 1e-10;
const LEAST_DOUBLE = 5e-324;
const MULTIPLES = [
  { digits: 1, shift: 0 },
  { digits: 2, shift: 0 },
  { digits: 25, shift: -1 },
  { digits: 5, shift: 0 },
];

/** What the values of a scale are multiplied by, so that no difference of two of them overflows. */
export function factorOf(values: Iterable<number>): number {
  for (const value of values) if (Number.isFinite(value) && Math.abs(value) > 2 ** 1000) return 2 ** -32;
  return 1;
}

/** The range of a scale whose values, multiplied by `factor`, go from `least` to `greatest`. */
export function rangeOf(least: number | null, greatest: number | null, factor = 1): [number, number] {
  if (least === null || greatest === null) return [0, 1];
  if (!least && !greatest) return [0, 100];
  const sided = ([min, max]: [number, number]): [number, number] => [
    least >= 0 ? Math.max(0, min) : min,
    greatest <= 0 ? Math.min(0, max) : max,
  ];
  let range = sided(padded(least, greatest));
  // Doubled, a range is soon as wide as its values are large, where two digits tell ticks apart.
  for (let doubled = 0; doubled < 64 && ticksOf(...range, ROOM, factor).values.length < 2; doubled++) {
    const half = Math.max(range[1] - range[0], LEAST_DOUBLE) / 2;
    range = sided([range[0] - Math.max(half, LEAST_DOUBLE), range[1] + Math.max(half, LEAST_DOUBLE)]);
  }
  return range;
}

/** The values with room below and above to a round number, as uPlot has it. */
function padded(least: number, greatest: number): [number, number] {
  const size = Math.max(Math.abs(least), Math.abs(greatest));
  const spread = greatest - least;
  const flat = spread <= size * FLAT;
  const pad = flat ? size : spread / 10;
  const exponent = Math.floor(Math.log10(flat ? size : spread)) - 1;
  const unit = Math.max(LEAST_DOUBLE, Number(`1e${exponent}`));
  return [multiple(least - pad, unit, Math.floor), multiple(greatest + pad, unit, Math.ceil)];
}

/** A multiple of a unit near a value; noise in the last digits of the value does not count. */
function multiple(value: number, unit: number, round: (quotient: number) => number): number {
  const quotient = value / unit;
  const nearest = Math.round(quotient);
  const whole = Math.abs(quotient - nearest) < 1e-6 ? nearest : round(quotient);
  return Number((whole * unit).toPrecision(15));
}

/** Ticks from `min` to `max`, at most `room` steps, which doubles and labels tell apart. */
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

type Step = { digits: number; exponent: number; size: number };

/** The multiples of a step in a range, or none where doubles or labels do not tell them apart. */
function labelled(min: number, max: number, step: Step, factor: number): Ticks | undefined {
  const ticks: { value: number; whole: number; digits: number }[] = [];
  const first = Math.floor(min / (step.size * factor));
  for (let index = 0; index <= MAX_STEPS + 1; index++) {
    // The nearest double of the decimal number, and no sum of steps.
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
