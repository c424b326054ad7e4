import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Api } from "../../../api/client";
import { useLoaded } from "../../../ui/load";
import { daysOf, earlierSpan } from "../compare/versus";
import type { State } from "../plot/plot";
import { sampleQuery } from "../query";
import { isLive } from "../range/range";
import type { View } from "../use-view";
import { loadSummary, minuteSpan, type Summary, type SummaryRequest } from "./summary";

/** The statistics of the span, and of the span that it is compared with. */
export type Statistics = {
  summary: Summary | undefined;
  compared: Summary | undefined;
  error: Error | undefined;
};

/** Loads the statistics after the lines are drawn; those of a live range at most once a minute. */
export function useSummary(api: Api, site: string, view: View, timeZone: string, lines: State): Statistics {
  const { points, range, versus } = view;
  const requests = JSON.stringify(points.length ? requestsOf(site, view, timeZone) : []);
  const [drawn, setDrawn] = useState("");
  useEffect(() => {
    if (lines === "drawn") setDrawn(requests);
  }, [lines, requests]);
  const due = drawn === requests ? requests : "[]";
  const subject = JSON.stringify([site, points, range, timeZone, versus]);
  const loaded = useLoaded(
    async (signal) => {
      const [summary, compared] = await Promise.all(
        (JSON.parse(due) as SummaryRequest[]).map((request) => loadSummary(api, request, signal)),
      );
      return { summary, compared, subject };
    },
    [api, due],
  );
  // While a live range advances, the statistics of the minute before remain.
  const last = useRef<typeof loaded.value>(undefined);
  if (loaded.value?.summary) last.current = loaded.value;
  const current = last.current?.subject === subject ? last.current : undefined;
  return useMemo(
    () => ({ summary: current?.summary, compared: current?.compared, error: loaded.error }),
    [current, loaded.error],
  );
}

function requestsOf(site: string, { points, span, range, versus }: View, timeZone: string): SummaryRequest[] {
  const whole = isLive(range) ? minuteSpan(span) : span;
  const spans = versus ? [whole, earlierSpan(whole, daysOf(versus, span, timeZone), timeZone)] : [whole];
  return spans.map((part) => ({ ...sampleQuery(site, points, part), timezone: timeZone }));
}
