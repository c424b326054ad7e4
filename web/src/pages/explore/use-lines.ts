import { useMemo, useRef, useState } from "preact/hooks";
import type { Api } from "../../api/client";
import type { Point } from "../../api/types";
import { useLoaded } from "../../ui/load";
import { distanceOf, type Versus, versusTexts } from "./compare/versus";
import { slotsOf } from "./data/axes";
import { chartOf } from "./data/chart";
import { answerWith, chosenLines, withCompared } from "./data/chosen";
import { panesOf } from "./data/panes";
import { type ChartAnswer, type ChartQuery, queryChart } from "./measure/answers";
import { type Plan, planOf, shownSpan } from "./measure/plan";
import { axisLimit, plotWidth } from "./plot/layout";
import type { State } from "./plot/plot";
import { usePointLookup } from "./points/lookup";
import type { View } from "./use-view";

/** Loads the points of a view and, in the tab Chart, their lines, once the width of the chart is known. */
export function useLines(
  api: Api,
  site: string,
  view: View,
  timeZone: string,
  pointCache: Map<string, Point>,
) {
  const { points: names, span } = view;
  const lookup = usePointLookup(api, site, names, pointCache);
  const slots = useSlots(names, view.followed?.slots);
  const points = useMemo(() => names.flatMap((name) => pointCache.get(name) ?? []), [names, lookup.value]);
  const plan = useMemo(() => planOf(view, points, span), [view.resolution, view.measure, points, span]);
  const [width, setWidth] = useState(0);
  const planned = useMemo(
    () => chosenLines(names, pointCache, slots, plan, undefined),
    [names, points, slots, plan],
  );
  const active = view.tabs.tab === "lines";
  const columns =
    active && width && lookup.value && names.length ? plotWidth(width, planned, view.single) : 0;
  const query = queryOf(site, view, plan, columns, timeZone);
  const loaded = useQuery(api, query, view.versus);
  const result = loaded.value;
  const chart = useMemo(() => {
    const { plan: drawn, span: of } = result?.query ?? query;
    const lines = chosenLines(names, pointCache, slots, drawn, result?.answer);
    const bounds = shownSpan(drawn, of, timeZone);
    if (!result) return chartOf(lines, undefined, bounds);
    const { answer, samples, compared } = result;
    const all = withCompared(lines, compared, result.versus, result.query);
    return chartOf(all, answerWith(answer, compared), bounds, samples ?? answer);
  }, [names, points, slots, result, timeZone]);
  const limit = axisLimit(width);
  const error = lookup.error ?? loaded.error;
  const reload = () => {
    lookup.reload();
    loaded.reload();
  };
  return {
    ...{ pointCache, points, slots, plan, chart, error, reload, setWidth },
    /** Whether all points are loaded. */
    ready: lookup.value === true,
    panes: useMemo(() => panesOf(chart, { single: view.single, axes: limit }), [chart, view.single, limit]),
    answer: result?.answer,
    samples: result?.samples,
    /** What the drawn chart is compared with, in words. */
    others: useMemo(() => othersOf(result), [result]),
    /** The points whose lines are a measure of buckets. */
    drawnMeasures: useMemo(() => drawnMeasures(result?.query.plan), [result]),
    /** The span to show: that of the view, or of all buckets in it. */
    shown: useMemo(() => shownSpan(plan, span, timeZone), [plan, span, timeZone]),
    state: stateOf(
      lookup.loading || loaded.loading || view.followed?.pending === true,
      error !== undefined,
      loaded.isCurrent,
    ),
  };
}

export type Lines = ReturnType<typeof useLines>;

/** An answer with its query. */
type Result = ChartAnswer & { query: ChartQuery; key: string; versus: Versus | undefined };

function othersOf(result: Result | undefined): string[] {
  if (!result?.versus) return [];
  const { plan, span, timeZone } = result.query;
  return versusTexts(result.versus, plan, span, timeZone);
}

function queryOf(
  site: string,
  { span, versus, zone }: View,
  plan: Plan,
  columns: number,
  timeZone: string,
): ChartQuery {
  return {
    ...{ site, plan, span, timeZone, isOtherZone: zone === "browser" },
    // Buckets do not depend on the width.
    width: plan.sampled.length ? columns : Math.min(1, columns),
    earlierBy: versus === undefined ? undefined : distanceOf(versus, plan.bucket, span, timeZone),
  };
}

/** Loads the answer of a query that has a width. */
function useQuery(api: Api, query: ChartQuery, versus: Versus | undefined) {
  const key = JSON.stringify(query);
  const loaded = useLoaded<Result | undefined>(
    async (signal) =>
      query.width ? { ...(await queryChart(api, query, signal)), query, key, versus } : undefined,
    [api, key],
  );
  return { ...loaded, isCurrent: loaded.value?.key === key };
}

/** Returns the points that are measured, but not by the mean, of which the samples have the statistics. */
function drawnMeasures(plan: Plan | undefined): ReadonlySet<string> {
  return new Set(plan?.measure ? plan.measured : []);
}

function stateOf(loading: boolean, failed: boolean, current: boolean): State {
  if (loading) return "loading";
  if (failed) return "failed";
  return current ? "drawn" : "loading";
}

/** Returns the colours of points: those that are set, or those before. */
function useSlots(
  points: string[],
  set: ReadonlyMap<string, number> | undefined,
): ReadonlyMap<string, number> {
  const before = useRef<ReadonlyMap<string, number>>(new Map());
  return useMemo(() => {
    before.current = slotsOf(points, set ?? before.current);
    return before.current;
  }, [points, set]);
}
