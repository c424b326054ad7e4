import type { Site } from "../../api/types";
import { addDays } from "../../ui/days";
import { counted, days as formatDays, number, day as written } from "../../ui/format";
import { link } from "../../ui/link";
import { archiveText, shareOf, verdict, windows } from "./day-text";
import { backfillRange, type Day } from "./days";

/** The numbers of the selected day, with links to its chart and to a backfill. */
export function DayPanel({ site, days, date }: { site: Site; days: readonly Day[]; date: string }) {
  const day = days.find((candidate) => candidate.date === date);
  if (!day) return <section class="panel" aria-label="The chosen day" aria-busy="true" />;
  const range = backfillRange(days, date);
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
        {range && (
          <a
            class="button primary"
            href={link("backfills", site.site_name, { start: range[0], end: range[1] })}
          >
            {backfillText(day, range)}
          </a>
        )}
        {range && (
          <small>
            {formatDays(...range)}, {counted(countDays(days, range), "day")}
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
        <dt>Polled</dt>
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
        <dd>{archiveText(day)}</dd>
      </div>
    </dl>
  );
}

function backfillText(day: Day, [from, to]: [string, string]): string {
  if (!day.unpolled) return "Backfill from here";
  return from === to ? "Backfill this day" : "Backfill these days";
}

function countDays(days: readonly Day[], [from, to]: [string, string]): number {
  return days.filter((day) => day.date >= from && day.date <= to).length;
}

/** Returns the address of the Explore page for a UTC day. */
export function exploreLink(site: string, date: string): string {
  return link("explore", site, { from: `${date}T00:00:00Z`, to: `${addDays(date, 1)}T00:00:00Z` });
}
