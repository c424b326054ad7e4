import { useState } from "preact/hooks";
import type { Api } from "../../api/client";
import type { Backfill, BackfillDay, Site } from "../../api/types";
import { Calendar } from "../../ui/calendar";
import { monthOf, monthsBetween } from "../../ui/days";
import {
  age,
  counted,
  duration,
  number,
  percent,
  days as range,
  time,
  day as written,
  zone,
} from "../../ui/format";
import { link } from "../../ui/link";
import { useEvery, useLoaded } from "../../ui/load";
import { Notice } from "../../ui/notice";
import { Failure, Loading } from "../../ui/states";
import { StatusWord } from "../../ui/status-word";
import { CancelButton } from "./cancel-button";
import { DayTable } from "./day-table";
import { again as againOf, dayOfInterest, daysEnded, listed, secondsOf, stateOf, toneOf } from "./run";

const POLL_MS = 2000;
// Of fewer days the list alone is overview enough.
const MAPPED = 15;

/** A run, followed until it ends. */
export function RunPage({ api, site, id }: { api: Api; site: Site; id: string }) {
  const path = `/backfill/${encodeURIComponent(id)}`;
  const {
    value: run,
    error,
    loading,
    again,
  } = useLoaded((signal) => api.get<Backfill>(path, {}, signal), [api, path]);
  useEvery(POLL_MS, again, run?.status === "running" && !loading);
  const back = <a href={link("backfills", site.site_name)}>‹ All backfills</a>;
  if (!run)
    return (
      <>
        {back}
        {error ? <Failure error={error} again={again} /> : <Loading what="the backfill" />}
      </>
    );
  const missing = againOf(run);
  return (
    <article class="run" aria-labelledby="run">
      {back}
      <header class="page-head">
        <h1 id="run">Backfill of {range(run.start_date, run.end_date)}</h1>
        <span role="status">
          <StatusWord tone={toneOf(run.status)}>{stateOf(run)}</StatusWord>
        </span>
        <div class="page-actions">
          {missing && (
            <a class="button" href={link("backfills", run.site_name, missing)}>
              Backfill again
            </a>
          )}
          {run.status === "running" && !run.cancel_requested && (
            <CancelButton api={api} path={path} cancelled={again} />
          )}
        </div>
      </header>
      {error && <Notice error={error} />}
      {run.error && <Notice error={new Error(run.error)}>The days that are archived stay.</Notice>}
      <p class="bar">
        <progress max={100} value={run.progress_percent} aria-label="Progress of the run" />
        <strong>{percent(run.progress_percent, 100)}</strong>
      </p>
      <Facts run={run} />
      {run.days && run.days.length > 0 && <Days run={run} days={run.days} />}
      {run.days_total === 0 && (
        <p class="state">Every day of the range was complete; there was nothing to read.</p>
      )}
    </article>
  );
}

function Facts({ run }: { run: Backfill }) {
  const now = Date.now();
  const going = run.status === "running";
  const facts: [string, string, string][] = [
    ["Days", `${number(daysEnded(run))} of ${number(run.days_total)}`, outcomes(run)],
    ["Samples", number(run.samples), `${number(run.samples_per_second)} a second`],
    ["Requests", number(run.requests), ""],
    ["Started", time(run.started_at, { seconds: true }), run.requested_by && `by ${run.requested_by}`],
    [going ? "Running for" : "Took", duration(secondsOf(run, now)), ""],
  ];
  if (run.ended_at)
    facts.push(["Ended", time(run.ended_at, { seconds: true }), age(Date.parse(run.ended_at), now)]);
  else if (run.estimated_end)
    facts.push([
      "Ends about",
      time(run.estimated_end),
      `in ${duration((Date.parse(run.estimated_end) - now) / 1000)}`,
    ]);
  return (
    <>
      <dl class="facts">
        {facts.map(([name, value, more]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {value} {more && <small>{more}</small>}
            </dd>
          </div>
        ))}
      </dl>
      <p class="hint">
        Days are UTC days; times are in {zone(now)}.
        {run.force && " The days were read whether they were complete or not."}
      </p>
    </>
  );
}

function outcomes(run: Backfill): string {
  const parts: [number, string][] = [
    [run.days_failed, "failed"],
    [run.days_cancelled, "cancelled"],
    [run.days_empty, "without data"],
    [run.days_complete, "complete before"],
  ];
  return parts
    .filter(([some]) => some > 0)
    .map(([some, words]) => `${number(some)} ${words}`)
    .join(", ");
}

function Days({ run, days }: { run: Backfill; days: readonly BackfillDay[] }) {
  const [chosen, choose] = useState("");
  const byDate = new Map(days.map((day) => [day.date, day]));
  const [first, last] = [days[0]?.date ?? run.start_date, days.at(-1)?.date ?? run.end_date];
  const selected = chosen || (dayOfInterest(days) ?? last);
  const shown = listed(days, selected);
  return (
    <>
      {days.length >= MAPPED && (
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
      {shown.length < days.length && (
        <p class="hint">
          {counted(shown.length, "day")} of {number(days.length)}; choose a day above for those of its month.
        </p>
      )}
      <DayTable run={run} days={shown} chosen={chosen} />
    </>
  );
}

function lookOf(date: string, day: BackfillDay | undefined) {
  if (!day) return { class: "complete", label: `${written(date)}: complete before` };
  const hours = day.status === "reading" ? `, ${day.hours} of 24 hours` : "";
  return {
    class: day.status,
    label: `${written(date)}: ${day.status}${hours}`,
    share: day.status === "reading" ? day.hours / 24 : 1,
  };
}
