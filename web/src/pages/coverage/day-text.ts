// Texts and CSS classes of a day on the map.

import type { CalendarDay } from "../../ui/calendar";
import { counted, number, percent, day as written } from "../../ui/format";
import { type Day, level } from "./days";

/** Returns the share of the synced windows that have data. */
export function shareOf(day: Day): string {
  return percent(day.windows_with_data, Math.max(day.windows_synced, day.windows_with_data));
}

/** Returns the state of a day as a sentence. */
export function verdict(day: Day): string {
  const unpolled = `Never polled: ${counted(day.windows_synced - day.windows_polled, "window")}.`;
  switch (day.state) {
    case "before":
      return "No data for this day or earlier.";
    case "later":
      return "This day is not synced yet.";
    case "missing":
      return unpolled;
    case "empty":
      return "Polled, but the source sent no data.";
    case "partial":
      return day.unpolled ? unpolled : "Polled, but the source sent no data for some windows.";
    case "full":
      return "Every window has data.";
  }
}

/** Returns the archive state of a day. */
export function archiveText(day: Day): string {
  if (day.archive === "done") {
    const rows = counted(day.archived_samples, "sample");
    return day.unarchived ? `${rows}; to be archived again after later writes` : `archived, ${rows}`;
  }
  if (day.archive === "verified") return "file written, rollups pending";
  if (day.unarchived) return "not archived yet";
  return day.samples > 0 ? "archived after the end of the day" : "nothing to archive";
}

/** Returns one line about a day, for the pointer and for screen readers. */
export function dayLabel(day: Day): string {
  const name = written(day.date);
  if (day.state === "before") return `${name}: before the first day with data`;
  if (day.state === "later") return `${name}: not synced yet`;
  const share = day.state === "missing" ? "not polled" : `data in ${shareOf(day)} of windows`;
  const samples = day.samples > 0 ? `, ${counted(day.samples, "sample")}` : "";
  const unpolled = day.unpolled && day.state !== "missing" ? ", with unpolled windows" : "";
  return `${name}: ${share}${samples}${unpolled}${day.unarchived ? ", not archived yet" : ""}`;
}

/** Returns the classes and the label of a day on the map; undefined for days outside it. */
export function lookOf(day: Day | undefined, today: boolean): CalendarDay | undefined {
  if (!day) return undefined;
  const data = day.state === "partial" || day.state === "full";
  const classes = [
    data ? `level-${level(day)}` : day.state,
    day.unpolled && "unpolled",
    day.unarchived && "unarchived",
    today && "today",
  ];
  return { class: classes.filter(Boolean).join(" "), label: `${dayLabel(day)}${today ? " (today)" : ""}` };
}

/** Returns a number of windows out of the synced windows. */
export function windows(count: number, day: Day): string {
  return `${number(count)} of ${number(Math.max(day.windows_synced, count))}`;
}
