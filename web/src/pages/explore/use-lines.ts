import { useMemo, useRef, useState } from "preact/hooks";
import type { Api } from "../../api/client";
import type { Point } from "../../api/types";
import { useLoaded } from "../../ui/load";
import { daysOf } from "./compare/versus";
import { slotsOf } from "./data/axes";
import { chartOf } from "./data/chart";
import { answerWith, chosenLines, withCompared } from "./data/chosen";
import { panesOf } from "./data/panes";
import { type ChartAnswer, type ChartQuery, queryChart } from "./measure/answers";
import { planOf, shownSpan } from "./measure/plan";
import { axisLimit, plotWidth } from "./plot/layout";
import type { State } from "./plot/plot";
import { usePointLookup } from "./points/lookup";
import type { View } from "./use-view";

/** Loads the lines of the points of a view, once the width of the chart is known. */
export function useLines(api: Api, site: string, view: View, timeZone: string) {
  const { points: names, span } = view;
  const pointCache = useRef(new Map<string, Point>()).current;
  const lookup = usePointLookup(api, site, names, pointCache);
  const slots = useSlots(names);
  const points = useMemo(() => names.flatMap((name) => pointCache.get(name) ?? []), [names, lookup.value]);
  const plan = useMemo(() => planOf(view, points, span), [view.resolution, view.measure, points, span]);
  const [width, setWidth] = useState(0);
  const planned = useMemo(
    () => chosenLines(names, pointCache, slots, plan, undefined),
    [names, points, slots, plan],
  );
  const columns = width && lookup.value && names.length ? plotWidth(width, planned, view.single) : 0;
  const query: ChartQuery = {
    site,
    plan,
    span,
    // Buckets do not depend on the width.
    width: plan.sampled.length ? columns : Math.min(1, columns),
    timeZone,
    earlierBy: view.versus === undefined ? undefined : daysOf(view.versus, span, timeZone),
  };
  const key = JSON.stringify(query);
  const loaded = useLoaded<Result | undefined>(
    async (signal) => (query.width ? { ...(await queryChart(api, query, signal)), query, key } : undefined),
    [api, key],
  );
  const result = loaded.value;
  const chart = useMemo(() => {
    const { plan: drawn, span: of } = result?.query ?? query;
    const lines = chosenLines(names, pointCache, slots, drawn, result?.answer);
    const bounds = shownSpan(drawn, of, timeZone);
    if (!result) return chartOf(lines, undefined, bounds);
    const { answer, compared } = result;
    return chartOf(withCompared(lines, compared, view.versus), answerWith(answer, compared), bounds);
  }, [names, points, slots, result, timeZone]);
  const limit = axisLimit(width);
  const panes = useMemo(
    () => panesOf(chart, { single: view.single, axes: limit }),
    [chart, view.single, limit],
  );
  const error = lookup.error ?? loaded.error;
  const state = stateOf(lookup.loading || loaded.loading, error !== undefined, result?.key === key);
  const reload = () => {
    lookup.reload();
    loaded.reload();
  };
  const shown = useMemo(() => shownSpan(plan, span, timeZone), [plan, span, timeZone]);
  return {
    pointCache,
    points,
    slots,
    plan,
    panes,
    chart,
    answer: result?.answer,
    shown,
    error,
    state,
    reload,
    setWidth,
  };
}

export type Lines = ReturnType<typeof useLines>;

/** An answer with its query. */
type Result = ChartAnswer & { query: ChartQuery; key: string };

function stateOf(loading: boolean, failed: boolean, current: boolean): State {
  if (loading) return "loading";
  if (failed) return "failed";
  return current ? "drawn" : "loading";
}

function useSlots(points: string[]): ReadonlyMap<string, number> {
  const before = useRef<ReadonlyMap<string, number>>(new Map());
  return useMemo(() => {
    before.current = slotsOf(points, before.current);
    return before.current;
  }, [points]);
}
