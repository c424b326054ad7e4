import type { Status as Answer } from "../../api/types";
import { useNow } from "../../ui/clock";
import { age, counted, zone } from "../../ui/format";
import { useEvery, useLoaded } from "../../ui/load";
import { Notice } from "../../ui/notice";
import { Failure, Loading } from "../../ui/states";
import { StatusWord } from "../../ui/status-word";
import type { PageProps } from "../page-props";
import { DeadLetters } from "./dead-letters";
import { troubles } from "./health";
import { SiteSection } from "./site-section";
import "./status.css";

const REFRESH_MS = 30_000;

/** How every site of the token is, the chosen one first. */
export function Status({ api, site }: PageProps) {
  const { value, error, loading, again } = useLoaded(
    async (signal) => ({ status: await api.get<Answer>("/status", {}, signal), at: Date.now() }),
    [api],
  );
  useEvery(REFRESH_MS, again, !loading);
  if (!value) return error ? <Failure error={error} again={again} /> : <Loading what="the status" />;
  const { status, at } = value;
  const chosen = (name: string) => (name === site.site_name ? 0 : 1);
  const sites = status.sites.toSorted((one, other) => chosen(one.site_name) - chosen(other.site_name));
  const found = troubles(status, at);
  return (
    <div class="status">
      <header class="page-head">
        <h1>Status</h1>
        <span role="status">
          <Verdict troubles={found.length} known={!error} />
        </span>
        <div class="page-actions">
          <Age at={at} />
          <button type="button" onClick={again} disabled={loading}>
            Refresh
          </button>
        </div>
      </header>
      {error && <Notice error={error}>What is shown is older; it is asked for again in 30 seconds.</Notice>}
      {found.length > 0 && (
        <ul class="notice mild troubles">
          {found.map((trouble) => (
            <li key={trouble}>{trouble}</li>
          ))}
        </ul>
      )}
      {sites.map((one) => (
        <SiteSection key={one.site_name} site={one} now={at} />
      ))}
      <DeadLetters letters={status.dead_letters} />
    </div>
  );
}

function Verdict({ troubles, known }: { troubles: number; known: boolean }) {
  if (!known) return <StatusWord tone="warn">not up to date</StatusWord>;
  if (troubles > 0) return <StatusWord tone="warn">{`${counted(troubles, "thing")} to look at`}</StatusWord>;
  return <StatusWord tone="good">all is well</StatusWord>;
}

function Age({ at }: { at: number }) {
  const now = useNow(1000);
  return (
    <small>
      Times in {zone(now)} · updated {age(at, now)}
    </small>
  );
}
