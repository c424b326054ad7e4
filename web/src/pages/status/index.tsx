import type { ComponentChildren } from "preact";
import type { Status as Answer, SiteStatus } from "../../api/types";
import { useNow } from "../../ui/clock";
import { age, counted, zone } from "../../ui/format";
import { useInterval, useLoaded } from "../../ui/load";
import { Notice } from "../../ui/notice";
import { Failure, Loading } from "../../ui/states";
import { StatusWord } from "../../ui/status-word";
import type { PageProps } from "../page-props";
import { DeadLetters } from "./dead-letters";
import { problems } from "./health";
import { SiteSection } from "./site-section";
import "./status.css";

const REFRESH_MS = 30_000;

/** The status of every site of the token, the selected site first. */
export function Status({ api, site }: PageProps) {
  const { value, error, loading, reload } = useLoaded(
    async (signal) => ({ status: await api.get<Answer>("/status", {}, signal), loadedAt: Date.now() }),
    [api],
  );
  useInterval(REFRESH_MS, reload, !loading);
  if (!value) return error ? <Failure error={error} onRetry={reload} /> : <Loading subject="the status" />;
  const { status, loadedAt } = value;
  const rank = ({ site_name: name }: SiteStatus) => (name === site.site_name ? 0 : 1);
  const sites = status.sites.toSorted((first, second) => rank(first) - rank(second));
  const messages = problems(status, loadedAt);
  return (
    <div class="status">
      <Head loadedAt={loadedAt} loading={loading} onRefresh={reload}>
        <Verdict problems={messages.length} current={!error} />
      </Head>
      {error && (
        <Notice error={error}>These figures are out of date. The page tries again in 30 seconds.</Notice>
      )}
      {messages.length > 0 && (
        <ul class="notice mild troubles">
          {messages.map((message) => (
            <li key={message}>{message}</li>
          ))}
        </ul>
      )}
      {sites.map((entry) => (
        <SiteSection key={entry.site_name} site={entry} now={loadedAt} />
      ))}
      <DeadLetters counts={status.dead_letters} />
    </div>
  );
}

type HeadProps = {
  loadedAt: number;
  loading: boolean;
  onRefresh: () => void;
  children: ComponentChildren;
};

function Head({ loadedAt, loading, onRefresh, children }: HeadProps) {
  return (
    <header class="page-head">
      <h1>Status</h1>
      <span role="status">{children}</span>
      <div class="page-actions">
        <Age loadedAt={loadedAt} />
        <button type="button" onClick={onRefresh} disabled={loading}>
          Refresh
        </button>
      </div>
    </header>
  );
}

function Verdict({ problems, current }: { problems: number; current: boolean }) {
  if (!current) return <StatusWord tone="warn">out of date</StatusWord>;
  if (problems > 0) return <StatusWord tone="warn">{counted(problems, "problem")}</StatusWord>;
  return <StatusWord tone="good">no problems</StatusWord>;
}

function Age({ loadedAt }: { loadedAt: number }) {
  const now = useNow(1000);
  return (
    <small>
      Times in {zone(now)} · updated {age(loadedAt, now)}
    </small>
  );
}
