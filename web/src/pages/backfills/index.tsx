import type { PageProps } from "../page-props";
import { RunList } from "./run-list";
import { RunPage } from "./run-page";
import { StartForm } from "./start-form";
import "./backfills.css";

/** The form for a new run and the list of runs, or the run in the address. */
export function Backfills({ api, site, route }: PageProps) {
  const run = route.parameters.get("run");
  if (run) return <RunPage key={run} api={api} site={site} id={run} />;
  const parameter = (name: string) => route.parameters.get(name) ?? "";
  const [start, end, force] = [parameter("start"), parameter("end"), parameter("force")];
  return (
    <div class="backfills">
      <StartForm
        key={`${start} ${end} ${force}`}
        api={api}
        site={site}
        start={start}
        end={end}
        force={force === "yes"}
      />
      <RunList api={api} site={site} />
    </div>
  );
}
