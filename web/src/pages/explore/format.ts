// What a chart writes on its axes and reads off its lines.

import { LOCALE } from "../../ui/format";
import { DAY, MINUTE } from "./range/range";

const precise = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 5 });
const tiny = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 2 });
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });

/** What no label of a value is longer than. */
export const LONGEST = 12;

export function fits(text: string): boolean {
  return text.length <= LONGEST;
}

const plain = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0, useGrouping: false });
const long = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumSignificantDigits: 9 });

/** A reading: five digits are more than sensors know, except of counters. */
export function formatValue(value: number): string {
  const size = Math.abs(value);
  if (size < 1e5) return small(value, precise, 5);
  if (size >= 1e15) return rounded(value, 5);
  const forms = [whole.format(value), plain.format(value), prefixed(long.format(value))];
  return forms.find(fits) ?? rounded(value, 5);
}

const short = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 4 });
const compact = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumSignificantDigits: 4 });
const PREFIXES: Record<string, string> = { m: "M", bn: "G", tn: "T" };

/** A reading in little room, of at most five digits. */
export function shortValue(value: number): string {
  const size = Math.abs(value);
  if (size >= 999.95e12) return rounded(value, 4);
  if (size >= 99_999.5) return prefixed(compact.format(value));
  return small(value, size >= 1000 ? whole : short, 4);
}

/** A number below 100,000; the smallest ones have an exponent where they would be too long without. */
function small(value: number, format: Intl.NumberFormat, digits: number): string {
  if (!value) return "0";
  const text = (Math.abs(value) < 0.001 ? tiny : format).format(value);
  return fits(text) ? text : rounded(value, digits);
}

/** A number of so many digits, with an exponent. */
function rounded(value: number, digits: number): string {
  const [mantissa, power] = value.toExponential(digits - 1).split("e");
  if (power === undefined) return precise.format(value); // infinite
  return `${Number(mantissa)}e${Number(power)}`;
}

/** The number `digits` × 10^`power`, a whole number of digits, with an exponent. */
export function exponential(digits: number, power: number): string {
  const text = String(Math.abs(digits));
  const mantissa = `${text[0]}.${text.slice(1)}`.replace(/\.?0*$/, "");
  return digits ? `${digits < 0 ? "-" : ""}${mantissa}e${power + text.length - 1}` : "0";
}

/** Values of an axis whose ticks are `step` apart; in thousands or millions where that is shorter, or `always`. */
export function axisValues(values: number[], step: number, always = false): string[] {
  const largest = Math.max(...values.map(Math.abs));
  const unit = 1000 ** Math.floor(Math.log10(Math.max(1, largest)) / 3);
  const short = always || (largest >= 10_000 && digitsOf(step / unit) <= 2);
  const format = decimal(short ? "compact" : "standard", digitsOf(short ? step / unit : step));
  return values.map((value) => prefixed(format.format(value)));
}

const decimals = new Map<string, Intl.NumberFormat>();

/** A format with at most so many decimals and no minus before a zero; making one takes long. */
function decimal(notation: "compact" | "standard", digits: number): Intl.NumberFormat {
  const key = notation + digits;
  const format =
    decimals.get(key) ??
    new Intl.NumberFormat(LOCALE, { notation, maximumFractionDigits: digits, signDisplay: "negative" });
  decimals.set(key, format);
  return format;
}

/** A compact number as units have it: of English, 2m of watts would be very few. */
function prefixed(text: string): string {
  return text.replace(/[a-z]+$/, (word) => PREFIXES[word] ?? word);
}

/** How many digits after the point a number has. */
function digitsOf(value: number): number {
  for (let digits = 0; digits < 12; digits++) {
    const shifted = value * 10 ** digits;
    if (Math.abs(shifted - Math.round(shifted)) < 1e-6 * shifted) return digits;
  }
  return 12;
}

const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
const minutes = new Intl.DateTimeFormat(LOCALE, clock);
const seconds = new Intl.DateTimeFormat(LOCALE, { ...clock, second: "2-digit" });
const day = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const month = new Intl.DateTimeFormat(LOCALE, { month: "short" });
const year = new Intl.DateTimeFormat(LOCALE, { year: "numeric" });

/** Marks of a time axis; what is said of several is said at the first, on a second line. */
export function timeValues(times: number[], step: number): string[] {
  const [fine, coarse] =
    step >= 28 * DAY ? [month, year] : step >= DAY ? [day, year] : [step >= MINUTE ? minutes : seconds, day];
  let previous = "";
  return times.map((ms) => {
    const next = coarse.format(ms);
    const text = fine.format(ms) + (next === previous ? "" : `\n${next}`);
    previous = next;
    return text;
  });
}

/** The form that `<input type="datetime-local">` holds, to the second or the minute, and back. */
export function toInput(ms: number, step: number): string {
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * MINUTE);
  return local.toISOString().slice(0, step < MINUTE ? 19 : 16);
}

export function fromInput(text: string): number {
  return new Date(text).getTime();
}
