import type { Backfill } from "../../api/types";
import { age, duration, number, time, zone } from "../../ui/format";
import { daysEnded, secondsOf } from "./run";

type Fact = [name: string, value: string, note: string];

/** The numbers of a run. */
export function RunFacts({ run }: { run: Backfill }) {
  const now = Date.now();
  return (
    <>
      <dl class="facts">
        {factsOf(run, now).map(([name, value, note]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {value} {note && <small>{note}</small>}
            </dd>
          </div>
        ))}
      </dl>
      <p class="hint">
        Days are UTC days. Times are in {zone(now)}.{noteOf(run)}
      </p>
    </>
  );
}

function noteOf(run: Backfill): string {
  if (run.rebuild) return " Rollups were rebuilt; nothing was read from the upstream.";
  return run.force ? " Complete days were read again." : "";
}

function factsOf(run: Backfill, nowMs: number): Fact[] {
  const running = run.status === "running";
  return [
    ["Days", `${number(daysEnded(run))} of ${number(run.days_total)}`, outcomes(run)],
    ["Samples", number(run.samples), `${number(run.samples_per_second)} a second`],
    ["Requests", number(run.requests), ""],
    ["Started", time(run.started_at, { seconds: true }), run.requested_by && `by ${run.requested_by}`],
    [running ? "Running for" : "Took", duration(secondsOf(run, nowMs)), ""],
    ...endOf(run, nowMs),
  ];
}

function endOf(run: Backfill, nowMs: number): Fact[] {
  if (run.ended_at)
    return [["Ended", time(run.ended_at, { seconds: true }), age(Date.parse(run.ended_at), nowMs)]];
  if (!run.estimated_end) return [];
  const seconds = (Date.parse(run.estimated_end) - nowMs) / 1000;
  return [["Estimated end", time(run.estimated_end), `in ${duration(seconds)}`]];
}

function outcomes(run: Backfill): string {
  const counts: [number, string][] = [
    [run.days_failed, "failed"],
    [run.days_cancelled, "cancelled"],
    [run.days_empty, "without data"],
    [run.days_complete, "already complete"],
  ];
  return counts
    .filter(([count]) => count > 0)
    .map(([count, text]) => `${number(count)} ${text}`)
    .join(", ");
}
