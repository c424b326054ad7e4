import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Api } from "../../../api/client";
import type { SummaryOfPoint } from "../../../api/types";
import { useLoaded } from "../../../ui/load";
import { isLive, sameSpan } from "../range/range";
import type { Lines } from "../use-lines";
import type { View } from "../use-view";
import { pairsOf, summaryRequest } from "./requests";
import { loadSummary, minuteSpan, type Summary, type SummaryRequest } from "./summary";

/** The statistics of a point that are compared: those of the span, or of the whole buckets in it, and the others. */
export type ComparedPoint = { own: SummaryOfPoint | undefined; other: SummaryOfPoint };

/** The statistics of the span, and those that are compared, by the name of the point. */
export type Statistics = {
  summary: Summary | undefined;
  compared: ReadonlyMap<string, ComparedPoint> | undefined;
  error: Error | undefined;
};

/** The request of the statistics, and those of each comparison; `own` only where it is another one. */
type Requests = { span: SummaryRequest; pairs: { own?: SummaryRequest; other: SummaryRequest }[] };

/** Loads the statistics after the lines are drawn; those of a live range at most once a minute. */
export function useSummary(api: Api, site: string, view: View, timeZone: string, lines: Lines): Statistics {
  const { points, range, versus } = view;
  const { plan, state } = lines;
  const requests = JSON.stringify(points.length ? requestsOf(site, view, timeZone, lines) : null);
  const [drawn, setDrawn] = useState("");
  useEffect(() => {
    if (state === "drawn") setDrawn(requests);
  }, [state, requests]);
  const due = drawn === requests ? requests : "null";
  const subject = JSON.stringify([
    site,
    points,
    range,
    timeZone,
    versus,
    versus && [plan.bucket, plan.measure],
  ]);
  const loaded = useLoaded(
    async (signal) => ({ ...(await load(api, JSON.parse(due), signal)), subject }),
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

function requestsOf(
  site: string,
  { points, span, range, versus }: View,
  timeZone: string,
  { plan }: Lines,
): Requests {
  const whole = isLive(range) ? minuteSpan(span) : span;
  const pairs = versus ? pairsOf(points, { versus, plan, span, whole, timeZone }) : [];
  return {
    span: summaryRequest(site, points, whole, timeZone),
    pairs: pairs.map((pair) => ({
      ...(!sameSpan(pair.own, whole) && { own: summaryRequest(site, pair.points, pair.own, timeZone) }),
      other: summaryRequest(site, pair.points, pair.other, timeZone),
    })),
  };
}

async function load(api: Api, requests: Requests | null, signal: AbortSignal) {
  if (!requests) return { summary: undefined, compared: undefined };
  const get = (request: SummaryRequest) => loadSummary(api, request, signal);
  const span = get(requests.span);
  const loading = requests.pairs.map(async ({ own, other }) => {
    const [mine, theirs] = await Promise.all([own ? get(own) : span, get(other)]);
    return [...theirs].map(([name, point]) => [name, { own: mine.get(name), other: point }] as const);
  });
  const [summary, pairs] = await Promise.all([span, Promise.all(loading)]);
  return { summary, compared: new Map(pairs.flat()) };
}
