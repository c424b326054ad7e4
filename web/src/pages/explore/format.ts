// Formats values and times of a chart.

import { LOCALE, times } from "../../ui/format";
import { instantOf, wallClock } from "../../ui/zone";
import { DAY, MINUTE, type Span } from "./range/range";

const precise = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 5 });
const tiny = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 2 });
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });

/** The maximum length of a value's text. */
export const LONGEST = 12;

export function fits(text: string): boolean {
  return text.length <= LONGEST;
}

const plain = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0, useGrouping: false });
const long = new Intl.NumberFormat(LOCALE, { notation: "compact", maximumSignificantDigits: 9 });

/** Returns a sample value with five digits; from 100,000, as of counters, with all integer digits. */
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

/** Returns a sample value with at most five digits. */
export function shortValue(value: number): string {
  const size = Math.abs(value);
  if (size >= 999.95e12) return rounded(value, 4);
  if (size >= 99_999.5) return prefixed(compact.format(value));
  return small(value, size >= 1000 ? whole : short, 4);
}

/** Returns a number below 100,000, with an exponent when it would be too long without. */
function small(value: number, format: Intl.NumberFormat, digits: number): string {
  if (!value) return "0";
  const text = (Math.abs(value) < 0.001 ? tiny : format).format(value);
  return fits(text) ? text : rounded(value, digits);
}

/** Returns a number with `digits` digits and an exponent. */
function rounded(value: number, digits: number): string {
  const [mantissa, power] = value.toExponential(digits - 1).split("e");
  if (power === undefined) return precise.format(value); // infinite
  return `${Number(mantissa)}e${Number(power)}`;
}

/** Returns `digits` × 10^`power` with an exponent; `digits` is an integer. */
export function exponential(digits: number, power: number): string {
  const text = String(Math.abs(digits));
  const mantissa = `${text[0]}.${text.slice(1)}`.replace(/\.?0*$/, "");
  return digits ? `${digits < 0 ? "-" : ""}${mantissa}e${power + text.length - 1}` : "0";
}

/** Returns the labels of ticks that are `step` apart, in thousands or millions when that is shorter, or `always`. */
export function axisValues(values: number[], step: number, always = false): string[] {
  const largest = Math.max(...values.map(Math.abs));
  const unit = 1000 ** Math.floor(Math.log10(Math.max(1, largest)) / 3);
  const short = always || (largest >= 10_000 && digitsOf(step / unit) <= 2);
  const format = decimal(short ? "compact" : "standard", digitsOf(short ? step / unit : step));
  return values.map((value) => prefixed(format.format(value)));
}

const decimals = new Map<string, Intl.NumberFormat>();

/** Returns a cached format with at most `digits` decimals and no minus before zero. */
function decimal(notation: "compact" | "standard", digits: number): Intl.NumberFormat {
  const key = notation + digits;
  const format =
    decimals.get(key) ??
    new Intl.NumberFormat(LOCALE, { notation, maximumFractionDigits: digits, signDisplay: "negative" });
  decimals.set(key, format);
  return format;
}

/** Returns a compact number with SI prefixes: English "2m" would read as milli. */
function prefixed(text: string): string {
  return text.replace(/[a-z]+$/, (word) => PREFIXES[word] ?? word);
}

/** Returns the number of decimals of a value. */
function digitsOf(value: number): number {
  for (let digits = 0; digits < 12; digits++) {
    const shifted = value * 10 ** digits;
    if (Math.abs(shifted - Math.round(shifted)) < 1e-6 * shifted) return digits;
  }
  return 12;
}

const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;

/** Returns a function for the labels of ticks in a zone; a second line names the day or year where it changes. */
export function timeLabels(timeZone: string): (times: number[], step: number) => string[] {
  const format = (style: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(LOCALE, { ...style, timeZone });
  const minutes = format(clock);
  const seconds = format({ ...clock, second: "2-digit" });
  const day = format({ day: "numeric", month: "short" });
  const month = format({ month: "short" });
  const year = format({ year: "numeric" });
  return (times, step) => {
    const [fine, coarse] =
      step >= 28 * DAY
        ? [month, year]
        : step >= DAY
          ? [day, year]
          : [step >= MINUTE ? minutes : seconds, day];
    let previous = "";
    return times.map((ms) => {
      const next = coarse.format(ms);
      const text = fine.format(ms) + (next === previous ? "" : `\n${next}`);
      previous = next;
      return text;
    });
  };
}

/** Returns the value of `<input type="datetime-local">` in a zone, to the second or the minute. */
export function toInput(ms: number, step: number, timeZone: string): string {
  return new Date(wallClock(ms, timeZone)).toISOString().slice(0, step < MINUTE ? 19 : 16);
}

/** Returns the time of such a value, NaN when it is invalid; a local time that occurs twice is the first. */
export function fromInput(text: string, timeZone: string): number {
  return instantOf(Date.parse(`${text}Z`), timeZone);
}

/** Returns a bucket in a zone: its days when it begins and ends at midnight, else its times. */
export function bucketText({ from, to }: Span, timeZone: string): string {
  const isMidnight = (ms: number) => wallClock(ms, timeZone) % DAY === 0;
  if (!isMidnight(from) || !isMidnight(to)) return times(from, to, timeZone);
  const style = { day: "numeric", month: "short", year: "numeric", timeZone } as const;
  const days = new Intl.DateTimeFormat(
    LOCALE,
    wallClock(to, timeZone) - wallClock(from, timeZone) > DAY ? style : { ...style, weekday: "short" },
  );
  return days.formatRange(from, to - 1).replace(/^(\w{3}), /, "$1 ");
}
