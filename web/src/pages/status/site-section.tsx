import type { SiteStatus } from "../../api/types";
import { counted, duration, number, time, times } from "../../ui/format";
import { StatusWord } from "../../ui/status-word";
import { isPaused, reasonOf, rejectedOf, rejectedTotal } from "./health";
import { RebuildTile } from "./rebuild-tile";
import { Tile } from "./tile";
import { UnarchivedTile } from "./unarchived-tile";

/** The status of a site: lag, rejected readings, unarchived days and days to rebuild. */
export function SiteSection({ site, now }: { site: SiteStatus; now: number }) {
  const name = site.display_name || site.site_name;
  return (
    <section aria-label={name}>
      <h2>
        {name} <small>{counted(site.points, "point")}</small>
      </h2>
      <div class="tiles">
        <SyncTile site={site} now={now} />
        <RejectedTile site={site} />
        <UnarchivedTile site={site} />
        <RebuildTile site={site} />
      </div>
    </section>
  );
}

function SyncTile({ site, now }: { site: SiteStatus; now: number }) {
  const { late } = site;
  const paused = site.status === "paused";
  return (
    <Tile title="Lag" figure={site.lag_seconds === null ? "never synced" : duration(site.lag_seconds)}>
      <p>
        <StatusWord tone={paused ? "quiet" : late ? "bad" : "good"}>
          {paused ? "paused" : late ? "late" : "on time"}
        </StatusWord>
        {site.synced_until && <small>synced until {time(site.synced_until, { seconds: true })}</small>}
      </p>
      {paused ? (
        <p class="advice">
          The site is not synced. <code>vitals site add {site.site_name}</code> resumes it.
        </p>
      ) : isPaused(site, now) ? (
        <p class="advice">
          The upstream failed several times in a row. Requests are paused until{" "}
          <strong>{time(site.upstream_paused_until ?? now, { seconds: true })}</strong>.
        </p>
      ) : (
        late && (
          <p class="advice">
            Search the log of EtlFunction for <code>sync failed</code>, then check SyncQueue.
          </p>
        )
      )}
    </Tile>
  );
}

function RejectedTile({ site }: { site: SiteStatus }) {
  const reasons = rejectedOf(site);
  const { rejected_since: since, rejected_until: until } = site;
  return (
    <Tile title="Rejected readings" figure={number(rejectedTotal(site))}>
      <p>
        <small>{since && until ? `in the latest sync, ${times(since, until)}` : "not synced yet"}</small>
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
      {reasons.length > 0 && <p class="advice">These readings were not stored. Fix them at the source.</p>}
    </Tile>
  );
}
