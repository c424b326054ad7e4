import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { formatRoute, go, type Route } from "../../route";
import { useInterval } from "../../ui/load";
import { MAX_LINES } from "./data/line";
import type { MoveKind } from "./plot/gestures";
import {
  DEFAULT,
  formatRange,
  HOUR,
  isLive,
  type Preset,
  parseRange,
  type Range,
  refreshMs,
  type Span,
  spanOf,
} from "./range/range";
import { useStable } from "./use-stable";

type Change = { points?: string[]; range?: Range };

/** The points and the range in the address; every change goes through the address. */
export function useView(site: string, route: Route) {
  const points = useStable(namesOf(route.parameters));
  const range = useStable(parseRange(route.parameters));
  const preset = useRef<Preset>(DEFAULT);
  if (isLive(range)) preset.current = range;
  const before = useRef<Range[]>([]);
  const routeOf = (change: Change): Route => ({
    page: "explore",
    site,
    parameters: new URLSearchParams([
      ...(change.points ?? points).map((name) => ["point", name]),
      ...formatRange(change.range ?? range),
    ]),
  });
  const showRange = (next: Range) => go(routeOf({ range: next }));
  return {
    points,
    range,
    span: useSpan(range),
    preset: preset.current,
    /** Returns the address after a change. */
    hrefOf: (change: Change = {}) => formatRoute(routeOf(change)),
    showPoints: (names: string[]) => go(routeOf({ points: names })),
    showRange,
    onView: (next: Span, kind: MoveKind) => {
      if (kind === "zoom") before.current.push(range);
      go(routeOf({ range: next }), { replace: kind === "pan" });
    },
    onReset: () => showRange(preset.current),
    onBack: () => showRange(previousRange(before.current, range) ?? preset.current),
  };
}

export type View = ReturnType<typeof useView>;

/** Returns the points in an address, without duplicates. */
function namesOf(parameters: URLSearchParams): string[] {
  return [...new Set(parameters.getAll("point"))].filter(Boolean).slice(0, MAX_LINES);
}

/** Returns the last range that differs, and removes it and the ranges after it. */
function previousRange(before: Range[], range: Range): Range | undefined {
  for (let last = before.pop(); last; last = before.pop()) {
    if (JSON.stringify(last) !== JSON.stringify(range)) return last;
  }
  return undefined;
}

/** Returns the span of a range, which advances while the range is live and the page is visible. */
function useSpan(range: Range): Span {
  const [round, next] = useState(0);
  const tick = useCallback(() => next((before) => before + 1), []);
  useInterval(isLive(range) ? refreshMs(range) : HOUR, tick, isLive(range));
  useEffect(() => {
    const seen = () => document.hidden || tick();
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, [tick]);
  return useStable(useMemo(() => spanOf(range, Date.now()), [range, round]));
}
