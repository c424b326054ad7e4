import { useMemo, useRef, useState } from "preact/hooks";
import type { Api } from "../../api/client";
import type { Point, QueryAnswer } from "../../api/types";
import { useLoaded } from "../../ui/load";
import { axesOf, slotsOf } from "./data/axes";
import { chartOf } from "./data/chart";
import type { Chosen } from "./data/line";
import { NARROW, plotWidth } from "./plot/layout";
import type { State } from "./plot/plot";
import { useNamed } from "./points/lookup";
import { askLines } from "./query";
import { type Span, sameSpan } from "./range/range";

/** The lines of some points in a span, asked for at the chart's width once that is known. */
export function useLines(api: Api, site: string, points: string[], span: Span) {
  const known = useRef(new Map<string, Point>()).current;
  const named = useNamed(api, site, points, known);
  const slots = useSlots(points);
  const chosen = useMemo(
    () => points.map((name): Chosen => chosenOf(name, known.get(name), slots.get(name) ?? 0)),
    [points, slots, named.value],
  );
  const [width, setWidth] = useState(0);
  const axes = useMemo(() => axesOf(chosen, width < NARROW ? 2 : 4), [chosen, width < NARROW]);
  const columns = width && named.value && points.length ? plotWidth(width, axes) : 0;
  const loaded = useLoaded<Result | undefined>(
    async (signal) =>
      columns
        ? { answer: await askLines(api, site, points, span, columns, signal), span, points }
        : undefined,
    [api, site, points, span, columns],
  );
  const result = loaded.value;
  const chart = useMemo(() => chartOf(chosen, result?.answer, result?.span ?? span), [chosen, result]);
  const error = named.error ?? loaded.error;
  const current = result?.points === points && sameSpan(result.span, span);
  const state = stateOf(named.loading || loaded.loading, error !== undefined, current);
  const again = () => {
    named.again();
    loaded.again();
  };
  return { known, slots, axes, chart, answer: result?.answer, error, state, again, setWidth };
}

export type Lines = ReturnType<typeof useLines>;

/** An answer, and the request that it is of. */
type Result = { answer: QueryAnswer; span: Span; points: string[] };

function stateOf(loading: boolean, failed: boolean, current: boolean): State {
  if (loading) return "loading";
  if (failed) return "failed";
  return current ? "drawn" : "loading";
}

function chosenOf(name: string, point: Point | undefined, slot: number): Chosen {
  return { name, label: point?.display_name || name, unit: point?.unit ?? "", slot };
}

function useSlots(points: string[]): ReadonlyMap<string, number> {
  const before = useRef<ReadonlyMap<string, number>>(new Map());
  return useMemo(() => {
    before.current = slotsOf(points, before.current);
    return before.current;
  }, [points]);
}
