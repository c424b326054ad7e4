import { counted, number, days as range } from "../../ui/format";
import { Notice } from "../../ui/notice";
import { Empty, Failure, Loading } from "../../ui/states";
import type { PageProps } from "../page-props";
import { DayMap } from "./day-map";
import { counts, type Day } from "./days";
import { useDays, useSelectedDay, useYear, type Year } from "./use-year";
import "./coverage.css";

/** The heat map of a year; the address holds its last month (`until`) and the selected `day`. */
export function Coverage(props: PageProps) {
  const { site } = props;
  const year = useYear(props);
  const { value, error, reload, days } = useDays(props, year);
  const selection = useSelectedDay(props, year);
  if (site.synced_until === null)
    return (
      <Empty title="No data for this site yet">Data appears after the first sync, within minutes.</Empty>
    );
  return (
    <div class="coverage">
      <Head year={year} summary={value && summary(days)} />
      {error && value && <Notice error={error} />}
      {error && !value && <Failure error={error} onRetry={reload} />}
      {!error && !value && <Loading subject="the map" />}
      {value && <DayMap site={site} year={year} days={days} selection={selection} />}
    </div>
  );
}

function Head({ year, summary }: { year: Year; summary: string | undefined }) {
  return (
    <header class="page-head">
      <h1>Coverage</h1>
      <span class="muted">
        {range(year.first, year.last)}, UTC days{summary && ` · ${summary}`}
      </span>
      <div class="page-actions">
        <button type="button" onClick={() => year.turn(-1)} disabled={year.isFirst}>
          ‹ Previous year
        </button>
        <button type="button" onClick={() => year.turn(1)} disabled={year.isLast}>
          Next year ›
        </button>
      </div>
    </header>
  );
}

function summary(days: readonly Day[]): string {
  const kinds = counts(days);
  return [
    counted(kinds.full, "full day"),
    `${number(kinds.partial)} partial`,
    kinds.empty && `${number(kinds.empty)} without data`,
    counted(kinds.unpolled, "day with unpolled windows", "days with unpolled windows"),
    `${number(kinds.unarchived)} not archived yet`,
  ]
    .filter(Boolean)
    .join(" · ");
}
