// UTC days and months in the API's format: 2026-11-23 and 2026-11.

export const DAY_MS = 86_400_000;
/** Older samples are not stored. */
export const EARLIEST = "1990-01-01";

export function dayStart(date: string): number {
  return Date.parse(`${date}T00:00:00Z`);
}

/** Returns the UTC day of a time. */
export function dayOf(time: number | string): string {
  return new Date(time).toISOString().slice(0, 10);
}

export function addDays(date: string, days: number): string {
  return dayOf(dayStart(date) + days * DAY_MS);
}

export function monthOf(date: string): string {
  return date.slice(0, 7);
}

export function addMonths(month: string, months: number): string {
  const [year = 0, number = 0] = month.split("-").map(Number);
  return new Date(Date.UTC(year, number - 1 + months)).toISOString().slice(0, 7);
}

export function firstDay(month: string): string {
  return `${month}-01`;
}

export function lastDay(month: string): string {
  return addDays(firstDay(addMonths(month, 1)), -1);
}

/** Returns the months from `first` to `last`, both included. */
export function monthsBetween(first: string, last: string): string[] {
  const months = [];
  for (let month = first; month <= last; month = addMonths(month, 1)) months.push(month);
  return months;
}

/** Whether the text is a valid day. */
export function isDay(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(dayStart(text)) && dayOf(dayStart(text)) === text;
}

/** Whether the text is a valid month. */
export function isMonth(text: string): boolean {
  return isDay(`${text}-01`);
}

/** Returns the day that a key moves to in a calendar of months as rows, between `first` and `last`. */
export function dayByKey(date: string, key: string, first: string, last: string): string | undefined {
  const target = targetOf(date, key);
  if (target === undefined) return undefined;
  return target < first ? first : target > last ? last : target;
}

function targetOf(date: string, key: string): string | undefined {
  switch (key) {
    case "ArrowLeft":
      return addDays(date, -1);
    case "ArrowRight":
      return addDays(date, 1);
    case "ArrowUp":
      return inMonth(date, -1);
    case "ArrowDown":
      return inMonth(date, 1);
    case "Home":
      return firstDay(monthOf(date));
    case "End":
      return lastDay(monthOf(date));
    default:
      return undefined;
  }
}

/** Returns the same day in another month, or the last day of a shorter month. */
function inMonth(date: string, months: number): string {
  const month = addMonths(monthOf(date), months);
  const day = `${month}${date.slice(7)}`;
  return day < lastDay(month) ? day : lastDay(month);
}
