// A day of the map in words and as a look.

import type { CalendarDay } from "../../ui/calendar";
import { counted, number, percent, day as written } from "../../ui/format";
import { type Day, level } from "./days";

/** The share of the windows that should have data by now. */
export function shareOf(day: Day): string {
  return percent(day.windows_with_data, Math.max(day.due, day.windows_with_data));
}

/** What a day is, in a sentence. */
export function verdict(day: Day): string {
  const unpolled = counted(
    day.due - day.windows_polled,
    "window was never asked for",
    "windows were never asked for",
  );
  switch (day.state) {
    case "before":
      return "Nothing is stored of this day, nor of those before it on this map.";
    case "later":
      return "The sync has not come to this day yet.";
    case "missing":
      return `A hole: ${unpolled}.`;
    case "empty":
      return "The site was asked, but no data came.";
    case "partial":
      return day.hole ? `A hole: ${unpolled}.` : "The site was asked, but for part of the day no data came.";
    case "full":
      return "Every window has data.";
  }
}

/** What the archive has of a day. */
export function archiveText(day: Day): string {
  if (day.archive === "done") {
    const rows = counted(day.archived_samples, "sample");
    return day.unarchived ? `${rows}, and again after later writes` : `archived, ${rows}`;
  }
  if (day.archive === "verified") return "file written, rollups to follow";
  if (day.unarchived) return "not archived yet";
  return day.samples > 0 ? "after the end of the day" : "nothing to archive";
}

/** One line of a day, for the pointer and for who hears the map. */
export function dayLabel(day: Day): string {
  const name = written(day.date);
  if (day.state === "before") return `${name}: before the first stored day`;
  if (day.state === "later") return `${name}: not synced yet`;
  const share = day.state === "missing" ? "not polled" : `data in ${shareOf(day)} of windows`;
  const samples = day.samples > 0 ? `, ${counted(day.samples, "sample")}` : "";
  const hole = day.hole && day.state !== "missing" ? ", with a hole" : "";
  return `${name}: ${share}${samples}${hole}${day.unarchived ? ", not archived yet" : ""}`;
}

/** How a day looks on the map; days that are not on it have no look. */
export function lookOf(day: Day | undefined, today: boolean): CalendarDay | undefined {
  if (!day) return undefined;
  const data = day.state === "partial" || day.state === "full";
  const classes = [
    data ? `level-${level(day)}` : day.state,
    day.hole && "hole",
    day.unarchived && "unarchived",
    today && "today",
  ];
  return { class: classes.filter(Boolean).join(" "), label: `${dayLabel(day)}${today ? " (today)" : ""}` };
}

/** Windows out of those that the sync has passed. */
export function windows(count: number, day: Day): string {
  return `${number(count)} of ${number(Math.max(day.due, count))}`;
}
