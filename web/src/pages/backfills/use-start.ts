import { useState } from "preact/hooks";
import type { Api } from "../../api/client";
import type { BackfillStarted, Site } from "../../api/types";
import { go } from "../../route";
import { useAction } from "../../ui/action";
import { addDays, dayOf, isDay } from "../../ui/days";

/** Initial days of the form; an invalid day becomes yesterday. */
export type Initial = { start: string; end: string; force: boolean };

/** State of the form: the days, the dry run with its estimate, and the start of the run. */
export function useStart(api: Api, site: Site, initial: Initial) {
  const today = dayOf(Date.now());
  const yesterday = addDays(today, -1);
  const [start, setStart] = useState(isDay(initial.start) ? initial.start : yesterday);
  const [end, setEnd] = useState(isDay(initial.end) ? initial.end : yesterday);
  const [force, setForce] = useState(initial.force);
  const [plan, setPlan] = useState<BackfillStarted>();
  const request = { site_name: site.site_name, start_date: start, end_date: end, force };
  const post = (dryRun: boolean) =>
    api.post<BackfillStarted>("/backfill/start", { ...request, dry_run: dryRun });
  const dryRun = useAction(async () => setPlan(await post(true)));
  const begin = useAction(async () => {
    const { id = "" } = await post(false);
    go({ page: "backfills", site: site.site_name, parameters: new URLSearchParams({ run: id }) });
  });
  const clear = () => {
    setPlan(undefined);
    dryRun.forget();
    begin.forget();
  };
  return {
    today,
    start,
    setStart,
    end,
    setEnd,
    force,
    setForce,
    dryRun,
    begin,
    clear,
    /** The plan of the last dry run, unless the form has changed since. */
    plan: plan && isFor(plan, request) ? plan : undefined,
  };
}

/** Whether a plan matches the form, which can change during the dry run. */
function isFor(
  plan: BackfillStarted,
  request: Pick<BackfillStarted, "start_date" | "end_date" | "force">,
): boolean {
  return (
    plan.start_date === request.start_date &&
    plan.end_date === request.end_date &&
    plan.force === request.force
  );
}
