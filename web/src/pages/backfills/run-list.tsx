import { useState } from "preact/hooks";
import type { Api } from "../../api/client";
import type { Backfill, Site } from "../../api/types";
import { duration, number, percent, days as range, time, zone } from "../../ui/format";
import { link } from "../../ui/link";
import { useInterval, useLoaded } from "../../ui/load";
import { Notice } from "../../ui/notice";
import { Empty, Failure, Loading } from "../../ui/states";
import { StatusWord } from "../../ui/status-word";
import { secondsOf, stateOf, toneOf } from "./run";

const BUSY_MS = 5000;
const IDLE_MS = 30_000;
const FIRST_RUNS = 20;
const MAX_RUNS = 100;

/** The site's runs, newest first. */
export function RunList({ api, site }: { api: Api; site: Site }) {
  const [limit, setLimit] = useState(FIRST_RUNS);
  const { value, error, loading, reload } = useLoaded(
    (signal) => api.get<{ backfills: Backfill[] }>("/backfill", { site_name: site.site_name, limit }, signal),
    [api, site.site_name, limit],
  );
  const runs = value?.backfills;
  const running = runs?.some((run) => run.status === "running");
  useInterval(running ? BUSY_MS : IDLE_MS, reload, !loading);
  if (!runs) return error ? <Failure error={error} onRetry={reload} /> : <Loading subject="backfills" />;
  if (runs.length === 0)
    return (
      <Empty title="No backfill yet">
        Choose days above. A dry run estimates requests, time and cost.{" "}
        <a href={link("coverage", site.site_name)}>Coverage</a> shows the days with unpolled windows.
      </Empty>
    );
  return (
    <section aria-labelledby="runs">
      <h2 id="runs">Runs</h2>
      {error && <Notice error={error} />}
      <Table runs={runs} />
      {runs.length === limit && limit < MAX_RUNS && (
        <button type="button" class="quiet" onClick={() => setLimit(MAX_RUNS)}>
          Show older runs
        </button>
      )}
    </section>
  );
}

function Table({ runs }: { runs: readonly Backfill[] }) {
  return (
    <table class="runs">
      <thead>
        <tr>
          <th scope="col">Days</th>
          <th scope="col">Status</th>
          <th scope="col">Progress</th>
          <th scope="col" class="number">
            Samples
          </th>
          <th scope="col">Started ({zone(Date.now())})</th>
          <th scope="col" class="number">
            Took
          </th>
          <th scope="col">By</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <Row key={run.id} run={run} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ run }: { run: Backfill }) {
  return (
    <tr>
      <td class="range">
        <a href={link("backfills", run.site_name, { run: run.id })}>{range(run.start_date, run.end_date)}</a>
        {run.rebuild && <small> rebuild</small>}
        {run.force && <small> forced</small>}
      </td>
      <td class="state-cell">
        <StatusWord tone={toneOf(run.status)}>{stateOf(run)}</StatusWord>
      </td>
      <td class="bar">
        <progress max={100} value={run.progress_percent} aria-label="Progress" />
        <small>{percent(run.progress_percent, 100)}</small>
      </td>
      <td class="number" data-label="Samples">
        {number(run.samples)}
      </td>
      <td data-label="Started">{time(run.started_at)}</td>
      <td class="number" data-label="Took">
        {duration(secondsOf(run, Date.now()))}
      </td>
      <td data-label="By">{run.requested_by || "–"}</td>
    </tr>
  );
}
