import { useState } from "preact/hooks";
import type { Backfill, BackfillDay } from "../../api/types";
import { Calendar } from "../../ui/calendar";
import { monthOf, monthsBetween } from "../../ui/days";
import { counted, number, day as written } from "../../ui/format";
import { DayTable } from "./day-table";
import { dayOfInterest, listedDays } from "./run";

// Runs with fewer days are shown as a table only.
const MIN_MAP_DAYS = 15;

/** The days of a run as a table, and as a calendar when there are many. */
export function RunDays({ run, days }: { run: Backfill; days: readonly BackfillDay[] }) {
  const [chosen, choose] = useState("");
  const byDate = new Map(days.map((day) => [day.date, day]));
  const [first, last] = [days[0]?.date ?? run.start_date, days.at(-1)?.date ?? run.end_date];
  const selected = chosen || (dayOfInterest(days) ?? last);
  const rows = listedDays(days, selected);
  return (
    <>
      {days.length >= MIN_MAP_DAYS && (
        <Calendar
          label="Days of the run"
          months={monthsBetween(monthOf(first), monthOf(last))}
          first={run.start_date}
          last={run.end_date}
          selected={selected}
          onSelect={choose}
          day={(date) =>
            date < run.start_date || date > run.end_date ? undefined : lookOf(date, byDate.get(date))
          }
        />
      )}
      {rows.length < days.length && (
        <p class="hint">
          {counted(rows.length, "day")} of {number(days.length)}. Choose a day above to list its month.
        </p>
      )}
      <DayTable run={run} days={rows} chosen={chosen} />
    </>
  );
}

function lookOf(date: string, day: BackfillDay | undefined) {
  if (!day) return { class: "complete", label: `${written(date)}: already complete` };
  const hours = day.status === "reading" ? `, ${day.hours} of 24 hours` : "";
  return {
    class: day.status,
    label: `${written(date)}: ${day.status}${hours}`,
    share: day.status === "reading" ? day.hours / 24 : 1,
  };
}
