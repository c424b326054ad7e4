import type { Backfill, BackfillDay } from "../../api/types";
import { duration, number, day as written } from "../../ui/format";
import { link } from "../../ui/link";
import { StatusWord } from "../../ui/status-word";
import { missed, rangeOf, toneOf } from "./run";

/** The days of a run with their results. */
export function DayTable({
  run,
  days,
  chosen,
}: {
  run: Backfill;
  days: readonly BackfillDay[];
  chosen: string;
}) {
  return (
    <table class="run-days">
      <thead>
        <tr>
          <th scope="col">Day</th>
          <th scope="col">Status</th>
          <th scope="col">Hours</th>
          <th scope="col" class="number">
            Samples
          </th>
          <th scope="col" class="number">
            Rejected
          </th>
          <th scope="col" class="number">
            Attempts
          </th>
          <th scope="col" class="number">
            Took
          </th>
          <th scope="col">
            <span class="visually-hidden">Error</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {days.map((day) => (
          <Row key={day.date} run={run} day={day} chosen={day.date === chosen} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ run, day, chosen }: { run: Backfill; day: BackfillDay; chosen: boolean }) {
  const offered = run.status !== "running" && missed([day]).length > 0;
  return (
    <tr class={chosen ? "chosen" : undefined}>
      <th scope="row">{written(day.date)}</th>
      <td class="state-cell">
        <StatusWord tone={toneOf(day.status)}>{day.status === "empty" ? "no data" : day.status}</StatusWord>
      </td>
      <td class="bar">
        <progress max={24} value={day.hours} aria-label="Hours read" />
        <small>{day.hours}/24</small>
      </td>
      <td class="number" data-label="Samples">
        {number(day.samples)}
      </td>
      <td class="number" data-label="Rejected">
        {number(day.rejected)}
      </td>
      <td class="number" data-label="Attempts">
        {number(day.attempts)}
      </td>
      <td class="number" data-label="Took">
        {duration(day.seconds)}
      </td>
      <td class="error-cell">
        {day.error && <span class="error">{day.error}</span>}{" "}
        {offered && (
          <a href={link("backfills", run.site_name, rangeOf(day.date, day.date, run.force))}>
            Backfill again
          </a>
        )}
      </td>
    </tr>
  );
}
