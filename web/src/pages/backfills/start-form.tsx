import { type Api, ApiError } from "../../api/client";
import type { BackfillStarted, Site } from "../../api/types";
import { EARLIEST } from "../../ui/days";
import { counted, dollars, duration, number } from "../../ui/format";
import { link } from "../../ui/link";
import { Notice } from "../../ui/notice";
import { type Initial, useStart } from "./use-start";

/** The form that estimates and starts a run. */
export function StartForm({ api, site, ...initial }: { api: Api; site: Site } & Initial) {
  const form = useStart(api, site, initial);
  const { dryRun, begin, plan } = form;
  const error = dryRun.error ?? begin.error;
  return (
    <section aria-labelledby="new-backfill">
      <header class="page-head">
        <h1 id="new-backfill">New backfill</h1>
        <span class="muted">Reads whole UTC days from the upstream again and archives them.</span>
      </header>
      <form
        aria-labelledby="new-backfill"
        class="panel start-form"
        onInput={form.clear}
        onSubmit={(event) => {
          event.preventDefault();
          begin.forget();
          dryRun.begin();
        }}
      >
        <Fields form={form} />
        <Buttons form={form} />
        <output class="estimate">{dryRun.busy ? "Estimating…" : plan && <Estimate plan={plan} />}</output>
      </form>
      {error && (
        <Notice error={error}>
          <Advice error={error} site={site.site_name} />
        </Notice>
      )}
    </section>
  );
}

type Form = ReturnType<typeof useStart>;

function Fields({ form }: { form: Form }) {
  const { today, start, end } = form;
  return (
    <>
      <DayField
        label="First day"
        min={EARLIEST}
        max={end < today ? end : today}
        value={start}
        onDay={form.setStart}
      />
      <DayField label="Last day" min={start} max={today} value={end} onDay={form.setEnd} />
      <label class="check">
        <input
          type="checkbox"
          checked={form.force}
          onInput={(event) => form.setForce(event.currentTarget.checked)}
        />
        Also days that are complete
      </label>
    </>
  );
}

type DayFieldProps = {
  label: string;
  min: string;
  max: string;
  value: string;
  onDay: (date: string) => void;
};

function DayField({ label, min, max, value, onDay }: DayFieldProps) {
  return (
    <label>
      {label}
      <input
        type="date"
        required
        min={min}
        max={max}
        value={value}
        onInput={(event) => onDay(event.currentTarget.value)}
      />
    </label>
  );
}

function Buttons({ form: { dryRun, begin } }: { form: Form }) {
  const busy = dryRun.busy || begin.busy;
  return (
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
  );
}

function Estimate({ plan }: { plan: BackfillStarted }) {
  const { requests, minutes, dollars: cost } = plan.estimate;
  if (plan.days_total === 0)
    return <>Every day of the range is complete. Tick “Also days that are complete” to read them again.</>;
  return (
    <>
      <strong>{counted(plan.days_total, "day")} to read</strong>
      {plan.days_complete > 0 && `, ${number(plan.days_complete)} already complete`} ·{" "}
      {counted(requests, "request")} · about {duration(minutes * 60)} · about {dollars(cost)}
    </>
  );
}

function Advice({ error, site }: { error: Error; site: string }) {
  if (!(error instanceof ApiError)) return undefined;
  if (error.runningId)
    return <a href={link("backfills", site, { run: error.runningId })}>Open the running backfill</a>;
  if (error.status === 403) return <>Ask the operator for a token with the scope backfill.</>;
  return undefined;
}
