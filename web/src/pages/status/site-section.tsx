import type { ComponentChildren } from "preact";
import type { SiteStatus } from "../../api/types";
import { counted, duration, number, time, times, day as written } from "../../ui/format";
import { link } from "../../ui/link";
import { StatusWord } from "../../ui/status-word";
import { isLate, isPaused, overdue, reasonOf, rejectedInAll, rejectedOf } from "./health";

const SHOWN_DAYS = 8;

/** One site: how far it is synced, what of it was rejected and what is not in the archive. */
export function SiteSection({ site, now }: { site: SiteStatus; now: number }) {
  const name = site.display_name || site.site_name;
  return (
    <section aria-label={name}>
      <h2>
        {name} <small>{counted(site.points, "point")}</small>
      </h2>
      <div class="tiles">
        <Sync site={site} now={now} />
        <Rejected site={site} />
        <Unarchived site={site} now={now} />
      </div>
    </section>
  );
}

function Tile({ title, figure, children }: { title: string; figure: string; children: ComponentChildren }) {
  return (
    <section class="tile" aria-label={title}>
      <h3>{title}</h3>
      <strong class="figure">{figure}</strong>
      {children}
    </section>
  );
}

function Sync({ site, now }: { site: SiteStatus; now: number }) {
  const late = isLate(site);
  return (
    <Tile title="Lag" figure={site.lag_seconds === null ? "never synced" : duration(site.lag_seconds)}>
      <p>
        <StatusWord tone={late ? "bad" : "good"}>{late ? "late" : "in time"}</StatusWord>
        {site.synced_until && <small>synced until {time(site.synced_until, { seconds: true })}</small>}
      </p>
      {isPaused(site, now) ? (
        <p class="advice">
          The upstream failed several times in a row; it is left alone until{" "}
          <strong>{time(site.upstream_paused_until ?? now, { seconds: true })}</strong> and then tried again.
        </p>
      ) : (
        late && (
          <p class="advice">
            Look in the log of EtlFunction for <code>sync failed</code>, then at SyncQueue.
          </p>
        )
      )}
    </Tile>
  );
}

function Rejected({ site }: { site: SiteStatus }) {
  const reasons = rejectedOf(site);
  const { rejected_since: since, rejected_until: until } = site;
  return (
    <Tile title="Rejected readings" figure={number(rejectedInAll(site))}>
      <p>
        <small>
          {since && until ? `of the latest sync, ${times(since, until)}` : "nothing is known of a sync yet"}
        </small>
      </p>
      {reasons.length > 0 && (
        <table class="reasons">
          <tbody>
            {reasons.map(([reason, count]) => (
              <tr key={reason}>
                <td class="number">{number(count)}</td>
                <td>
                  {reasonOf(reason)} <small>{reason}</small>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {reasons.length > 0 && <p class="advice">They are not stored; mend them where they come from.</p>}
    </Tile>
  );
}

function Unarchived({ site, now }: { site: SiteStatus; now: number }) {
  const { unarchived_days: days, unarchived_count: count } = site;
  if (count === null)
    return (
      <Tile title="Unarchived days" figure="–">
        <p>
          <StatusWord tone="warn">not known</StatusWord>
        </p>
      </Tile>
    );
  const late = overdue(site, now) > 0;
  const [some, rest] = [days.slice(0, SHOWN_DAYS), days.slice(SHOWN_DAYS)];
  return (
    <Tile title="Unarchived days" figure={number(count)}>
      <p>
        <StatusWord tone={late ? "bad" : "good"}>
          {late ? "overdue" : count > 0 ? "in time" : "none"}
        </StatusWord>
        <small>{count > 0 ? "archived at 02:00 UTC" : "every complete day is archived"}</small>
      </p>
      <DayLinks site={site.site_name} days={some} />
      {rest.length > 0 && (
        <details>
          <summary>{counted(rest.length, "more day")}</summary>
          <DayLinks site={site.site_name} days={rest} />
        </details>
      )}
      {count > days.length && <p class="hint">The oldest {number(days.length)} are listed.</p>}
      {late && (
        <p class="advice">
          A day that stays has failed, or nothing plans: look in the log of ArchivalFunction for{" "}
          <code>archiving failed</code>. Nothing of it is lost.
        </p>
      )}
    </Tile>
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
