import { useMemo, useRef, useState } from "preact/hooks";
import type { Api } from "../../api/client";
import type { Point } from "../../api/types";
import { useLoaded } from "../../ui/load";
import { axesOf, slotsOf } from "./data/axes";
import { chartOf } from "./data/chart";
import type { Chosen } from "./data/line";
import type { MergedAnswer } from "./data/pages";
import { NARROW, plotWidth } from "./plot/layout";
import type { State } from "./plot/plot";
import { drawOf, holdOf, statesOf } from "./points/kind";
import { unlisted, usePointLookup } from "./points/lookup";
import { queryLines } from "./query";
import { type Span, sameSpan } from "./range/range";

/** Loads the lines of points in a span, once the width of the chart is known. */
export function useLines(api: Api, site: string, points: string[], span: Span) {
  const pointCache = useRef(new Map<string, Point>()).current;
  const lookup = usePointLookup(api, site, points, pointCache);
  const slots = useSlots(points);
  const chosen = useMemo(
    () => points.map((name): Chosen => chosenPoint(name, pointCache.get(name), slots.get(name) ?? 0)),
    [points, slots, lookup.value],
  );
  const [width, setWidth] = useState(0);
  const axes = useMemo(() => axesOf(chosen, width < NARROW ? 2 : 4), [chosen, width < NARROW]);
  const columns = width && lookup.value && points.length ? plotWidth(width, axes) : 0;
  const loaded = useLoaded<Result | undefined>(
    async (signal) =>
      columns
        ? { answer: await queryLines(api, site, points, span, columns, signal), span, points }
        : undefined,
    [api, site, points, span, columns],
  );
  const result = loaded.value;
  const chart = useMemo(() => chartOf(chosen, result?.answer, result?.span ?? span), [chosen, result]);
  const error = lookup.error ?? loaded.error;
  const current = result?.points === points && sameSpan(result.span, span);
  const state = stateOf(lookup.loading || loaded.loading, error !== undefined, current);
  const reload = () => {
    lookup.reload();
    loaded.reload();
  };
  return { pointCache, slots, axes, chart, answer: result?.answer, error, state, reload, setWidth };
}

export type Lines = ReturnType<typeof useLines>;

/** An answer with the span and points of its query. */
type Result = { answer: MergedAnswer; span: Span; points: string[] };

function stateOf(loading: boolean, failed: boolean, current: boolean): State {
  if (loading) return "loading";
  if (failed) return "failed";
  return current ? "drawn" : "loading";
}

function chosenPoint(name: string, point: Point = unlisted(name), slot: number): Chosen {
  return {
    name,
    label: point.display_name || name,
    unit: point.unit,
    slot,
    draw: drawOf(point),
    states: statesOf(point),
    hold: holdOf(point),
  };
}

function useSlots(points: string[]): ReadonlyMap<string, number> {
  const before = useRef<ReadonlyMap<string, number>>(new Map());
  return useMemo(() => {
    before.current = slotsOf(points, before.current);
    return before.current;
  }, [points]);
}
