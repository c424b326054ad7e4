// Numbers and times of charts, in the words and the zone of the browser.

import { DAY, HOUR, MINUTE, SECOND } from "./range";

const precise = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 6 });
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 2 });
const dollars = new Intl.NumberFormat(undefined, {
  style: "currency",
  currency: "USD",
  currencyDisplay: "narrowSymbol",
  maximumSignificantDigits: 2,
});

/** A reading: six digits are more than sensors know. */
export function reading(value: number): string {
  return (Math.abs(value) < 1e6 ? precise : whole).format(value);
}

export function count(value: number): string {
  return whole.format(value);
}

export function money(microDollars: number): string {
  return dollars.format(microDollars / 1e6);
}

/** A part of a whole in percent; all but everything is not 100 %. */
export function percent(part: number, of: number): string {
  const exact = (100 * Math.min(part, of)) / of;
  const shown = exact === 100 ? 100 : Math.min(99.9, exact);
  return `${shown.toLocaleString(undefined, { maximumFractionDigits: 1 })} %`;
}

/** Values of an axis whose marks are `step` apart. */
export function axisValues(values: number[], step: number): string[] {
  if (step >= 1000) return values.map((value) => compact.format(value));
  const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  const format = new Intl.NumberFormat(undefined, { maximumFractionDigits: Math.min(digits + 1, 12) });
  return values.map((value) => format.format(value));
}

const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
const minutes = new Intl.DateTimeFormat(undefined, clock);
const seconds = new Intl.DateTimeFormat(undefined, { ...clock, second: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const month = new Intl.DateTimeFormat(undefined, { month: "short" });
const year = new Intl.DateTimeFormat(undefined, { year: "numeric" });
const moment = new Intl.DateTimeFormat(undefined, {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  ...clock,
  second: "2-digit",
});
const shortMoment = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", ...clock });

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function time(ms: number): string {
  return moment.format(ms);
}

export function shortTime(ms: number): string {
  return shortMoment.format(ms);
}

/** From–to, naming the day once where it is one day. */
export function fromTo(from: number, to: number): string {
  const sameDay = day.format(from) === day.format(to) && to - from < DAY;
  return `${shortTime(from)} – ${sameDay ? minutes.format(to) : shortTime(to)}`;
}

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

export function duration(ms: number): string {
  const steps: [number, string][] = [
    [DAY, "d"],
    [HOUR, "h"],
    [MINUTE, "min"],
    [SECOND, "s"],
  ];
  const at = steps.findIndex(([length]) => ms >= length);
  if (at < 0) return `${Math.round(ms)} ms`;
  const [length, name] = steps[at] as [number, string];
  const rest = steps[at + 1];
  const over = rest ? Math.floor((ms % length) / rest[0]) : 0;
  return `${Math.floor(ms / length)} ${name}${rest && over ? ` ${over} ${rest[1]}` : ""}`;
}

export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  const step = Math.min(3, Math.floor(Math.log10(size) / 3));
  return `${(size / 1000 ** step).toLocaleString(undefined, { maximumSignificantDigits: 3 })} ${["", "kB", "MB", "GB"][step]}`;
}

/** The form that `<input type="datetime-local" step="1">` holds, and back. */
export function toInput(ms: number): string {
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * MINUTE);
  return local.toISOString().slice(0, 19);
}

export function fromInput(text: string): number {
  return new Date(text).getTime();
}
