import { useState } from "preact/hooks";
import { type Api, ApiError } from "../../api/client";
import type { BackfillStarted, Site } from "../../api/types";
import { go } from "../../route";
import { useAction } from "../../ui/action";
import { addDays, dayOf, EARLIEST, isDay } from "../../ui/days";
import { counted, dollars, duration, number } from "../../ui/format";
import { link } from "../../ui/link";
import { Notice } from "../../ui/notice";

type Props = { api: Api; site: Site; start: string; end: string; force: boolean };

/** Asks which days to read, says what that would take, and starts it. */
export function StartForm({ api, site, ...given }: Props) {
  const today = dayOf(Date.now());
  const yesterday = addDays(today, -1);
  const [start, setStart] = useState(isDay(given.start) ? given.start : yesterday);
  const [end, setEnd] = useState(isDay(given.end) ? given.end : yesterday);
  const [force, setForce] = useState(given.force);
  const [estimated, show] = useState<BackfillStarted>();
  const asked = { site_name: site.site_name, start_date: start, end_date: end, force };
  const post = (dryRun: boolean) =>
    api.post<BackfillStarted>("/backfill/start", { ...asked, dry_run: dryRun });
  const dryRun = useAction(async () => show(await post(true)));
  const begin = useAction(async () => {
    const { id = "" } = await post(false);
    go({ page: "backfills", site: site.site_name, parameters: new URLSearchParams({ run: id }) });
  });
  const error = dryRun.error ?? begin.error;
  const changed = () => {
    show(undefined);
    dryRun.forget();
    begin.forget();
  };
  const busy = dryRun.busy || begin.busy;
  return (
    <section aria-labelledby="new-backfill">
      <header class="page-head">
        <h1 id="new-backfill">New backfill</h1>
        <span class="muted">Reads whole UTC days again from the site's history and archives them.</span>
      </header>
      <form
        aria-labelledby="new-backfill"
        class="panel start-form"
        onInput={changed}
        onSubmit={(event) => {
          event.preventDefault();
          begin.forget();
          dryRun.begin();
        }}
      >
        <label>
          First day
          <input
            type="date"
            required
            min={EARLIEST}
            max={end < today ? end : today}
            value={start}
            onInput={(event) => setStart(event.currentTarget.value)}
          />
        </label>
        <label>
          Last day
          <input
            type="date"
            required
            min={start}
            max={today}
            value={end}
            onInput={(event) => setEnd(event.currentTarget.value)}
          />
        </label>
        <label class="check">
          <input type="checkbox" checked={force} onInput={(event) => setForce(event.currentTarget.checked)} />
          Also days that are complete
        </label>
        <span class="buttons">
          <button type="submit" class="plain" disabled={busy}>
            Dry run
          </button>
          <button
            type="button"
            class="primary"
            disabled={busy}
            onClick={(event) => {
              dryRun.forget();
              if (event.currentTarget.form?.reportValidity()) begin.begin();
            }}
          >
            {begin.busy ? "Starting…" : "Start"}
          </button>
        </span>
        <output class="estimate">
          {dryRun.busy ? "Asking…" : estimated && isOf(estimated, asked) && <Estimate plan={estimated} />}
        </output>
      </form>
      {error && (
        <Notice error={error}>
          <Advice error={error} site={site.site_name} />
        </Notice>
      )}
    </section>
  );
}

/** Whether the days of a plan are those of the form, which can change while the plan is made. */
function isOf(
  plan: BackfillStarted,
  asked: Pick<BackfillStarted, "start_date" | "end_date" | "force">,
): boolean {
  return (
    plan.start_date === asked.start_date && plan.end_date === asked.end_date && plan.force === asked.force
  );
}

function Estimate({ plan }: { plan: BackfillStarted }) {
  const { requests, minutes, dollars: cost } = plan.estimate;
  if (plan.days_total === 0)
    return <>Every day of the range is complete. Tick “Also days that are complete” to read them again.</>;
  return (
    <>
      <strong>{counted(plan.days_total, "day")} to read</strong>
      {plan.days_complete > 0 && `, ${number(plan.days_complete)} complete already`} ·{" "}
      {counted(requests, "request")} · about {duration(minutes * 60)} · about {dollars(cost)}
    </>
  );
}

function Advice({ error, site }: { error: Error; site: string }) {
  if (!(error instanceof ApiError)) return undefined;
  if (error.runningId)
    return <a href={link("backfills", site, { run: error.runningId })}>Watch the run that is at work</a>;
  if (error.status === 403) return <>Ask whoever runs this system for a token with the scope backfill.</>;
  return undefined;
}
