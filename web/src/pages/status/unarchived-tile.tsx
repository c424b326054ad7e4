import type { SiteStatus } from "../../api/types";
import { counted, number, day as written } from "../../ui/format";
import { link } from "../../ui/link";
import { StatusWord } from "../../ui/status-word";
import { Tile } from "./tile";

const SHOWN_DAYS = 8;

/** The days of a site that are not in the archive. */
export function UnarchivedTile({ site }: { site: SiteStatus }) {
  const { unarchived_days: days, unarchived_count: count, overdue } = site;
  if (count === null)
    return (
      <Tile title="Unarchived days" figure="–">
        <p>
          <StatusWord tone="warn">unknown</StatusWord>
        </p>
      </Tile>
    );
  return (
    <Tile title="Unarchived days" figure={number(count)}>
      <p>
        <StatusWord tone={overdue ? "bad" : "good"}>
          {overdue ? "overdue" : count > 0 ? "on time" : "none"}
        </StatusWord>
        <small>{count > 0 ? "archived at 02:00 UTC" : "every day that has ended is archived"}</small>
      </p>
      <DayList site={site.site_name} days={days} />
      {count > days.length && <p class="hint">The oldest {number(days.length)} are listed.</p>}
      {overdue && (
        <p class="advice">
          Archiving failed or did not start. Search the log of ArchivalFunction for{" "}
          <code>archiving failed</code>. No samples are lost.
        </p>
      )}
    </Tile>
  );
}

function DayList({ site, days }: { site: string; days: readonly string[] }) {
  const folded = days.slice(SHOWN_DAYS);
  return (
    <>
      <DayLinks site={site} days={days.slice(0, SHOWN_DAYS)} />
      {folded.length > 0 && (
        <details>
          <summary>{counted(folded.length, "more day")}</summary>
          <DayLinks site={site} days={folded} />
        </details>
      )}
    </>
  );
}

function DayLinks({ site, days }: { site: string; days: readonly string[] }) {
  return (
    <ul class="day-links">
      {days.map((date) => (
        <li key={date}>
          <a href={link("coverage", site, { day: date })}>{written(date)}</a>
        </li>
      ))}
    </ul>
  );
}
