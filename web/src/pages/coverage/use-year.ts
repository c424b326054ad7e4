import { useEffect, useMemo, useState } from "preact/hooks";
import { sitePath } from "../../api/client";
import type { Coverage } from "../../api/types";
import { go } from "../../route";
import { addDays, addMonths, dayOf, firstDay, isDay, lastDay, monthOf, monthsBetween } from "../../ui/days";
import { useInterval, useLoaded } from "../../ui/load";
import type { PageProps } from "../page-props";
import { classifyDays, FIRST_YEAR, lastMonth } from "./days";

const REFRESH_MS = 300_000;

type Props = Omit<PageProps, "sites">;

/** The twelve months that end with the month in the address. */
export function useYear({ site, route }: Omit<Props, "api">) {
  const today = dayOf(Date.now());
  const date = route.parameters.get("day") ?? "";
  const until = lastMonth(route.parameters.get("until") ?? "", date, monthOf(today));
  const months = monthsBetween(addMonths(until, -11), until);
  return {
    today,
    months,
    first: firstDay(months[0] ?? until),
    last: lastDay(until) < today ? lastDay(until) : today,
    isFirst: until <= FIRST_YEAR,
    isLast: until >= monthOf(today),
    /** Moves the map by a number of years. */
    turn: (years: number) => {
      const to = addMonths(until, 12 * years);
      const parameters = new URLSearchParams(to < monthOf(today) ? [["until", to]] : []);
      go({ ...route, site: site.site_name, parameters });
    },
  };
}

export type Year = ReturnType<typeof useYear>;

/** The days of the year from the ledger, reloaded regularly. */
export function useDays({ api, site }: Omit<Props, "route">, { first, last }: Year) {
  const path = sitePath(site.site_name, "coverage");
  const loaded = useLoaded(
    (signal) => api.get<Coverage>(path, { start: first, end: addDays(last, 1) }, signal),
    [api, path, first, last],
  );
  useInterval(REFRESH_MS, loaded.reload, !loaded.loading);
  const days = useMemo(
    () => classifyDays(loaded.value?.days ?? [], site.synced_from, site.synced_until),
    [loaded.value, site],
  );
  return { ...loaded, days };
}

/** The selected day; `remember` writes it to the address. */
export function useSelectedDay({ site, route }: Omit<Props, "api">, { first, last }: Year) {
  const date = route.parameters.get("day") ?? "";
  const [selected, select] = useState(isDay(date) ? date : last);
  useEffect(() => {
    if (isDay(date)) select(date);
  }, [date]);
  const remember = (next: string) => {
    if (next === (date || last)) return;
    const parameters = new URLSearchParams(route.parameters);
    parameters.set("day", next);
    go({ ...route, site: site.site_name, parameters }, { replace: true });
  };
  return { selected: selected < first || selected > last ? last : selected, select, remember };
}
