// Formats numbers, durations and times: in English, times in the browser's zone unless a zone is passed.

export const LOCALE = "en-GB";
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const numbers = new Map<number, Intl.NumberFormat>();

/** Returns a number with thousands separators and at most `decimals` decimals. */
export function number(value: number, decimals = 0): string {
  const format = numbers.get(decimals) ?? new Intl.NumberFormat(LOCALE, { maximumFractionDigits: decimals });
  numbers.set(decimals, format);
  return format.format(value);
}

/** Returns a number with its noun: 1 day, 1,200 days. */
export function counted(value: number, singular: string, plural = `${singular}s`): string {
  return `${number(value)} ${value === 1 ? singular : plural}`;
}

/** Returns a share in percent; 100 % and 0 % are exact. */
export function percent(count: number, whole: number): string {
  if (whole <= 0) return "–";
  const tenths = (1000 * count) / whole;
  const shown = count >= whole ? 1000 : count > 0 ? Math.min(999, Math.max(1, Math.round(tenths))) : 0;
  return `${number(shown / 10, 1)} %`;
}

const UNITS = ["B", "KB", "MB", "GB", "TB"];

export function bytes(value: number): string {
  let unit = 0;
  let size = value;
  // 999.5 rounds to 1,000, which is 1 of the next unit.
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${number(size, unit > 0 && size < 9.95 ? 1 : 0)} ${UNITS[unit]}`;
}

/** Returns dollars; amounts below 1 have two significant digits. */
export function dollars(value: number): string {
  const digits =
    value > 0 && value < 1
      ? { maximumSignificantDigits: 2 }
      : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return `$${new Intl.NumberFormat(LOCALE, digits).format(value)}`;
}

/** Returns a duration in its two largest units: 45 s, 12 min, 1 h 5 min, 3 d 4 h. */
export function duration(seconds: number): string {
  const whole = Math.round(Math.max(0, seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < 10 * MINUTE) return units(whole, MINUTE, "min", 1, "s");
  // Rounds first, so that 59 min 45 s becomes 1 h and not 60 min.
  const minutes = MINUTE * Math.round(whole / MINUTE);
  if (minutes < HOUR) return `${minutes / MINUTE} min`;
  if (minutes < DAY) return units(minutes, HOUR, "h", MINUTE, "min");
  return units(HOUR * Math.round(whole / HOUR), DAY, "d", HOUR, "h");
}

function units(seconds: number, large: number, largeName: string, small: number, smallName: string): string {
  const remainder = Math.floor((seconds % large) / small);
  return `${number(Math.floor(seconds / large))} ${largeName}${remainder ? ` ${remainder} ${smallName}` : ""}`;
}

/** Returns the time since `thenMs`. */
export function age(thenMs: number, nowMs: number): string {
  const seconds = (nowMs - thenMs) / 1000;
  return seconds < 1 ? "just now" : `${duration(seconds)} ago`;
}

type TimeOptions = { seconds?: boolean; timeZone?: string };

/** Returns a time: 23 Nov 2026, 18:00, with `seconds` 18:00:06. */
export function time(
  moment: string | number | Date,
  { seconds = false, timeZone }: TimeOptions = {},
): string {
  return new Intl.DateTimeFormat(LOCALE, {
    dateStyle: "medium",
    timeStyle: seconds ? "medium" : "short",
    timeZone,
  }).format(new Date(moment));
}

/** Returns two times as a range: 23 Nov 2026, 18:00 – 18:05. */
export function times(from: string | number, to: string | number, timeZone?: string): string {
  const format = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short", timeZone });
  return format.formatRange(new Date(from), new Date(to));
}

/** Returns the name of the browser's zone at a time: UTC, GMT+1. */
export function zone(moment: string | number | Date): string {
  const tokens = new Intl.DateTimeFormat(LOCALE, { timeZoneName: "short" }).formatToParts(new Date(moment));
  return tokens.find(({ type }) => type === "timeZoneName")?.value ?? "";
}

/** Returns a UTC day such as 2026-11-23 as Mon 23 Nov 2026. */
export function day(date: string): string {
  return utc(date, { weekday: "short", day: "numeric", month: "short", year: "numeric" }).replace(",", "");
}

/** Returns two UTC days, both included, as a range, or one day when they are equal. */
export function days(first: string, last: string): string {
  const style = { day: "numeric", month: "short", year: "numeric" } as const;
  const format = new Intl.DateTimeFormat(LOCALE, { ...style, timeZone: "UTC" });
  return format.formatRange(new Date(`${first}T00:00Z`), new Date(`${last}T00:00Z`));
}

/** Returns a month such as 2026-11 as Nov 2026. */
export function month(name: string): string {
  return utc(`${name}-01`, { month: "short", year: "numeric" });
}

function utc(date: string, style: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(LOCALE, { ...style, timeZone: "UTC" }).format(new Date(`${date}T00:00Z`));
}
