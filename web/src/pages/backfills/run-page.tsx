import type { Api } from "../../api/client";
import type { Backfill, Site } from "../../api/types";
import { percent, days as range } from "../../ui/format";
import { link } from "../../ui/link";
import { useInterval, useLoaded } from "../../ui/load";
import { Notice } from "../../ui/notice";
import { Failure, Loading } from "../../ui/states";
import { StatusWord } from "../../ui/status-word";
import { CancelButton } from "./cancel-button";
import { retryRange, stateOf, toneOf } from "./run";
import { RunDays } from "./run-days";
import { RunFacts } from "./run-facts";

const POLL_MS = 2000;

/** A run, refreshed until it ends. */
export function RunPage({ api, site, id }: { api: Api; site: Site; id: string }) {
  const path = `/backfill/${encodeURIComponent(id)}`;
  const loaded = useLoaded((signal) => api.get<Backfill>(path, {}, signal), [api, path]);
  const { value: run, error, loading, reload } = loaded;
  useInterval(POLL_MS, reload, run?.status === "running" && !loading);
  const back = <a href={link("backfills", site.site_name)}>‹ All backfills</a>;
  if (!run)
    return (
      <>
        {back}
        {error ? <Failure error={error} onRetry={reload} /> : <Loading subject="the backfill" />}
      </>
    );
  return (
    <article class="run" aria-labelledby="run">
      {back}
      <Head api={api} path={path} run={run} reload={reload} />
      {error && <Notice error={error} />}
      {run.error && <Notice error={new Error(run.error)}>Archived days stay.</Notice>}
      <p class="bar">
        <progress max={100} value={run.progress_percent} aria-label="Progress of the run" />
        <strong>{percent(run.progress_percent, 100)}</strong>
      </p>
      <RunFacts run={run} />
      {run.days && run.days.length > 0 && <RunDays run={run} days={run.days} />}
      {run.days_total === 0 && (
        <p class="state">Every day of the range was already complete. Nothing was read.</p>
      )}
    </article>
  );
}

type HeadProps = { api: Api; path: string; run: Backfill; reload: () => void };

function Head({ api, path, run, reload }: HeadProps) {
  const missing = retryRange(run);
  return (
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
          <CancelButton api={api} path={path} onCancelled={reload} />
        )}
      </div>
    </header>
  );
}
