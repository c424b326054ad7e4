import type { Site } from "../../api/types";
import { addDays } from "../../ui/days";
import { counted, number, days as range, day as written } from "../../ui/format";
import { link } from "../../ui/link";
import { type Day, runAround } from "./days";
import { archived, shareOf, verdict, windows } from "./words";

/** The numbers of the chosen day, and what can be done about it. */
export function DayPanel({ site, days, date }: { site: Site; days: readonly Day[]; date: string }) {
  const day = days.find((one) => one.date === date);
  if (!day) return <section class="panel" aria-label="The chosen day" aria-busy="true" />;
  const run = runAround(days, date);
  return (
    <section class="panel" aria-label="The chosen day">
      <div class="panel-head">
        <h2>{written(date)}</h2>
        <p>{verdict(day)}</p>
      </div>
      <Facts day={day} />
      <p class="panel-actions">
        <a class="button" href={exploreLink(site.site_name, date)}>
          Open this day
        </a>
        {run && (
          <a class="button primary" href={link("backfills", site.site_name, { start: run[0], end: run[1] })}>
            {day.hole ? "Backfill this hole" : "Backfill from here"}
          </a>
        )}
        {run && (
          <small>
            {range(...run)}, {counted(spanOf(days, run), "day")}
          </small>
        )}
      </p>
    </section>
  );
}

function Facts({ day }: { day: Day }) {
  return (
    <dl class="facts">
      <div>
        <dt>Data</dt>
        <dd>
          {shareOf(day)} <small>{windows(day.windows_with_data, day)} windows</small>
        </dd>
      </div>
      <div>
        <dt>Asked for</dt>
        <dd>
          {windows(day.windows_polled, day)} <small>windows</small>
        </dd>
      </div>
      <div>
        <dt>Samples</dt>
        <dd>{number(day.samples)}</dd>
      </div>
      <div>
        <dt>Archive</dt>
        <dd>{archived(day)}</dd>
      </div>
    </dl>
  );
}

function spanOf(days: readonly Day[], [from, to]: [string, string]): number {
  return days.filter((day) => day.date >= from && day.date <= to).length;
}

/** The Explore page on that UTC day. */
export function exploreLink(site: string, date: string): string {
  return link("explore", site, { from: `${date}T00:00:00Z`, to: `${addDays(date, 1)}T00:00:00Z` });
}
