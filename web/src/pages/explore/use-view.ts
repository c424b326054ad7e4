import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Api } from "../../api/client";
import type { Point } from "../../api/types";
import { formatRoute, go, type Route } from "../../route";
import { useInterval } from "../../ui/load";
import { type Address, changed, formatAddress, omittedIn, parseAddress } from "./address";
import type { MoveKind } from "./plot/gestures";
import {
  DEFAULT,
  isLive,
  isNamed,
  MINUTE,
  type NamedRange,
  type Range,
  refreshMs,
  type Span,
  spanOf,
} from "./range/range";
import type { TabState } from "./tabs/state";
import { useTemplate } from "./template/use-template";
import { useStable } from "./use-stable";

/** What the address chooses; every change goes through the address. `timeZone` is the zone of named ranges. */
export function useView(
  api: Api,
  site: string,
  route: Route,
  timeZone: string,
  pointCache: Map<string, Point>,
) {
  const address = useStable(parseAddress(route.parameters));
  const followed = useTemplate(api, site, address.template, address.points, pointCache);
  const points = useStable(followed?.points ?? address.points);
  const range = useStable(address.range);
  const preset = useRef<NamedRange>(DEFAULT);
  if (isLive(range)) preset.current = range;
  const before = useRef<Range[]>([]);
  const routeOf = (change: Partial<Address>): Route => ({
    page: "explore",
    site,
    parameters: formatAddress(changed(address, change)),
  });
  const show = (change: Partial<Address>) => go(routeOf(change));
  const showRange = (next: Range) => show({ range: next });
  return {
    ...address,
    points,
    /** What the address names beyond what is shown. */
    omitted: omittedIn(route.parameters),
    /** The points of the template, if the address has one. */
    followed,
    range,
    span: useSpan(range, timeZone),
    preset: preset.current,
    /** Returns the address after a change. */
    hrefOf: (change: Partial<Address> = {}) => formatRoute(routeOf(change)),
    show,
    showPoints: (names: string[]) => show({ points: names }),
    showRange,
    showTabs: (next: Partial<TabState>) => show({ tabs: { ...address.tabs, ...next } }),
    onView: (next: Span, kind: MoveKind) => {
      if (kind === "zoom") before.current.push(range);
      go(routeOf({ range: next }), { replace: kind === "pan" });
    },
    onReset: () => showRange(preset.current),
    onBack: () => showRange(previousRange(before.current, range) ?? preset.current),
  };
}

export type View = ReturnType<typeof useView>;

/** Returns the last range that differs, and removes it and the ranges after it. */
function previousRange(before: Range[], range: Range): Range | undefined {
  for (let last = before.pop(); last; last = before.pop()) {
    if (JSON.stringify(last) !== JSON.stringify(range)) return last;
  }
  return undefined;
}

/** Returns the span of a range, which moves while the range is named and the page is visible. */
function useSpan(range: Range, timeZone: string): Span {
  const [round, next] = useState(0);
  const tick = useCallback(() => next((before) => before + 1), []);
  const span = useStable(useMemo(() => spanOf(range, Date.now(), timeZone), [range, timeZone, round]));
  // A range that has ended changes at midnight.
  useInterval(isLive(range) ? refreshMs(span.to - span.from) : MINUTE, tick, isNamed(range));
  useEffect(() => {
    const seen = () => document.hidden || tick();
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, [tick]);
  return span;
}
