import { useEffect, useMemo, useState } from "preact/hooks";
import type { Coverage as Answer } from "../../api/types";
import { go } from "../../route";
import { Calendar } from "../../ui/calendar";
import { addDays, addMonths, dayOf, firstDay, isDay, lastDay, monthOf, monthsBetween } from "../../ui/days";
import { counted, number, days as range } from "../../ui/format";
import { useEvery, useLoaded } from "../../ui/load";
import { Notice } from "../../ui/notice";
import { Empty, Failure, Loading } from "../../ui/states";
import type { PageProps } from "../page-props";
import { DayPanel, exploreLink } from "./day-panel";
import { counts, type Day, explained, FIRST_YEAR, lastMonth } from "./days";
import { Legend } from "./legend";
import { inWords, lookOf } from "./words";
import "./coverage.css";

const REFRESH_MS = 300_000;

/** The heat map of a year of the site's days; the address holds its last month (`until`) and the `day`. */
export function Coverage({ api, site, route }: PageProps) {
  const today = dayOf(Date.now());
  const asked = route.parameters.get("day") ?? "";
  const until = lastMonth(route.parameters.get("until") ?? "", asked, monthOf(today));
  const months = monthsBetween(addMonths(until, -11), until);
  const first = firstDay(months[0] ?? until);
  const last = lastDay(until) < today ? lastDay(until) : today;
  const path = `/sites/${encodeURIComponent(site.site_name)}/coverage`;
  const loaded = useLoaded(
    (signal) => api.get<Answer>(path, { start: first, end: addDays(last, 1) }, signal),
    [api, path, first, last],
  );
  useEvery(REFRESH_MS, loaded.again, !loaded.loading);
  const days = useMemo(
    () => explained(loaded.value?.days ?? [], site.synced_from, site.synced_until),
    [loaded.value, site],
  );
  const byDate = useMemo(() => new Map(days.map((day) => [day.date, day])), [days]);
  const [selected, select] = useState(isDay(asked) ? asked : last);
  const at = selected < first || selected > last ? last : selected;
  const [pointed, point] = useState("");

  const remember = (date: string) => {
    if (date === (asked || last)) return;
    const parameters = new URLSearchParams(route.parameters);
    parameters.set("day", date);
    go({ ...route, site: site.site_name, parameters }, { replace: true });
  };
  useEffect(() => {
    if (isDay(asked)) select(asked);
  }, [asked]);

  if (site.synced_until === null)
    return (
      <Empty title="Nothing is stored of this site yet">
        Its map begins with its first sync, within minutes.
      </Empty>
    );
  const turn = (years: number) => {
    const to = addMonths(until, 12 * years);
    const parameters = new URLSearchParams(to < monthOf(today) ? [["until", to]] : []);
    go({ ...route, site: site.site_name, parameters });
  };
  const shown = byDate.get(pointed);
  return (
    <div class="coverage">
      <header class="page-head">
        <h1>Coverage</h1>
        <span class="muted">
          {range(first, last)}, UTC days{loaded.value && ` · ${summary(days)}`}
        </span>
        <div class="page-actions">
          <button type="button" onClick={() => turn(-1)} disabled={until <= FIRST_YEAR}>
            ‹ Year before
          </button>
          <button type="button" onClick={() => turn(1)} disabled={until >= monthOf(today)}>
            Year after ›
          </button>
        </div>
      </header>
      {loaded.error && loaded.value && <Notice error={loaded.error} />}
      {loaded.error && !loaded.value && <Failure error={loaded.error} again={loaded.again} />}
      {!loaded.error && !loaded.value && <Loading what="the map" />}
      {loaded.value && (
        <>
          <Calendar
            label={`Coverage by day, ${range(first, last)}`}
            months={months}
            day={(date) => lookOf(byDate.get(date), date === today)}
            first={first}
            last={last}
            selected={at}
            onSelect={select}
            onSettle={remember}
            onOpen={(date) => {
              location.hash = exploreLink(site.site_name, date);
            }}
            onPoint={point}
          />
          <div class="coverage-foot">
            <Legend />
            <p class="readout" aria-hidden="true">
              {shown && inWords(shown)}
            </p>
          </div>
          <DayPanel site={site} days={days} date={at} />
        </>
      )}
    </div>
  );
}

function summary(days: readonly Day[]): string {
  const found = counts(days);
  return [
    counted(found.full, "full day"),
    `${number(found.partial)} partial`,
    found.empty && `${number(found.empty)} without data`,
    counted(found.holes, "day with a hole", "days with holes"),
    `${number(found.unarchived)} not archived yet`,
  ]
    .filter(Boolean)
    .join(" · ");
}
