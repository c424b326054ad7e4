// Which days the page can turn to: today, in UTC, is the last one.

import { EARLIEST, isDay } from "../../ui/days";

/** Whether a later day than `date` can be shown. */
export function hasNext(date: string, today: string): boolean {
  return isDay(date) && date < today;
}

/** Whether the text is a day that can be shown; a date input has years such as 0002 while one is typed. */
export function isShown(text: string, today: string): boolean {
  return isDay(text) && text >= EARLIEST && text <= today;
}
