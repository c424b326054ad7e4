// What a chart writes on its axes and reads off its lines.

import { LOCALE } from "../../ui/format";
import { DAY, MINUTE } from "./range";

const precise = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 5 });
const tiny = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 2 });
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });

/** A reading: five digits are more than sensors know, except of counters. */
export function reading(value: number): string {
  const size = Math.abs(value);
  return (size >= 1e5 ? whole : size >= 0.001 || !value ? precise : tiny).format(value);
}

/** Values of an axis whose marks are `step` apart; in thousands or millions where that is shorter. */
export function axisValues(values: number[], step: number): string[] {
  const largest = Math.max(...values.map(Math.abs));
  const unit = 1000 ** Math.floor(Math.log10(Math.max(1, largest)) / 3);
  const short = largest >= 10_000 && digitsOf(step / unit) <= 2;
  const format = new Intl.NumberFormat(LOCALE, {
    notation: short ? "compact" : "standard",
    maximumFractionDigits: digitsOf(short ? step / unit : step),
  });
  return values.map((value) => format.format(value));
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
  let said = "";
  return times.map((ms) => {
    const next = coarse.format(ms);
    const text = fine.format(ms) + (next === said ? "" : `\n${next}`);
    said = next;
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
