import { useState } from "preact/hooks";
import type { Api } from "../../api/client";
import type { BackfillStarted, Site } from "../../api/types";
import { go } from "../../route";
import { useAction } from "../../ui/action";
import { addDays, dayOf, isDay } from "../../ui/days";

/** Days that a form begins with; those that are no days are yesterday. */
export type Initial = { start: string; end: string; force: boolean };

/** The days to read, their estimate by a dry run, and the start of the run. */
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
    /** The plan of the last dry run, where it is for the days of the form. */
    plan: plan && isFor(plan, request) ? plan : undefined,
  };
}

/** Whether a plan is for the days of the form, which can change while the plan is made. */
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
