// Points as the picker lists them: found page by page, with the last value of those on view.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Api, Parameters } from "../../api/client";
import type { Latest, Point, PointPage } from "../../api/types";
import { type Loaded, useEvery, useLoaded } from "../../ui/load";
import { MINUTE } from "./range";

const PAGE = 200;
/** More pages than the largest building has. */
const MOST_PAGES = 100;
const SEARCH_MS = 200;
const SCROLL_MS = 150;
/** Names at a time, whose values come together. */
const BATCH = 20;

type Wanted = { search: string; tags: string[] };

type PointList = {
  points: Point[];
  complete: boolean;
  /** Whether they are those wanted, and not what was there before. */
  current: boolean;
  loading: boolean;
  error: Error | undefined;
  /** Adds the next page. */
  more: () => void;
  /** Asks once more for what could not be had. */
  again: () => void;
};

/** `of` is what the points were asked for by. */
type ListState = { of: string; points: Point[]; token: string | null; loading: boolean; error?: Error };

/** The points found, of which the first page comes at once. */
export function usePointList(api: Api, site: string, wanted: Wanted): PointList {
  const key = JSON.stringify(wanted);
  const [state, show] = useState<ListState>({ of: "", points: [], token: null, loading: true });
  const round = useRef(new AbortController());
  const ask = useCallback(
    async (token: string | null) => {
      const { signal } = round.current;
      const { search, tags } = JSON.parse(key) as Wanted;
      show(({ of, points, token }) => ({ of, points, token, loading: true }));
      try {
        const page = await api.get<PointPage>(
          `/sites/${encodeURIComponent(site)}/points`,
          { search, tag: tags, limit: PAGE, next_token: token ?? undefined },
          signal,
        );
        show((before) => ({
          of: key,
          points: token ? [...before.points, ...page.points] : page.points,
          token: page.next_token,
          loading: false,
        }));
      } catch (error) {
        // A list of something else is no beginning of this one.
        const kept = (before: ListState) => (token ? before : { of: key, points: [], token: null });
        if (!signal.aborted) show((before) => ({ ...kept(before), loading: false, error: error as Error }));
      }
    },
    [api, site, key],
  );
  useEffect(() => {
    const stop = new AbortController();
    round.current = stop;
    ask(null);
    return () => stop.abort();
  }, [ask]);
  const { of, points, token, loading, error } = state;
  const again = useCallback(() => {
    ask(points.length ? token : null);
  }, [ask, points.length, token]);
  const more = useCallback(() => {
    if (!loading && !error && token) ask(token);
  }, [loading, error, token, ask]);
  return { points, complete: !token, current: of === key, loading, error, more, again };
}

/** What was typed, once the typing has paused. */
export function useSettled(text: string): string {
  const [settled, settle] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => settle(text), SEARCH_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

/** The newest sample of 24 hours, or else when the archive has the last one (ms), null when it has none. */
export type Last = { value: number; timestamp: number } | { value: null; seen: number | null };

/** Last values by name, asked for the names on view and again each minute. */
export function useLatest(
  api: Api,
  site: string,
  names: string[],
): { values: ReadonlyMap<string, Last>; error: Error | undefined } {
  const [values, learn] = useState<ReadonlyMap<string, Last>>(new Map());
  const [error, fail] = useState<Error>();
  const [round, next] = useState(0);
  const asked = useRef({ round: 0, names: new Set<string>() });
  useEvery(
    MINUTE,
    useCallback(() => next((before) => before + 1), []),
  );
  useEffect(() => {
    if (asked.current.round !== round) asked.current = { round, names: new Set() };
    const { names: done } = asked.current;
    const stop = new AbortController();
    const ask = async () => {
      const missing = names.filter((name) => !done.has(name));
      for (let at = 0; at < missing.length; at += BATCH) {
        const batch = missing.slice(at, at + BATCH);
        const found = await latest(api, site, batch, stop.signal);
        for (const name of batch) done.add(name);
        learn((before) => new Map([...before, ...found]));
      }
      fail(undefined);
    };
    const timer = setTimeout(() => ask().catch((cause) => stop.signal.aborted || fail(cause)), SCROLL_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [api, site, JSON.stringify(names), round]);
  return { values, error };
}

/** The last value of each point; by POST, for an address does not carry every name. */
export async function latest(
  api: Api,
  site: string,
  names: string[],
  signal: AbortSignal,
): Promise<Map<string, Last>> {
  if (!names.length) return new Map();
  const path = `/sites/${encodeURIComponent(site)}/latest`;
  const answer = await api.post<Latest>(path, { point_names: names }, signal);
  return new Map(
    answer.latest.map(({ point_name, timestamp, value, last_seen }) => [
      point_name,
      timestamp === null || value === null ? { value: null, seen: last_seen } : { timestamp, value },
    ]),
  );
}

/** Learns what the site says of points that an address names and that are not `known`; undefined until it has. */
export function useNamed(
  api: Api,
  site: string,
  names: string[],
  known: Map<string, Point>,
): Loaded<boolean> {
  const missing = names.filter((name) => !known.has(name));
  const loaded = useLoaded(
    async (signal) => {
      for (const point of await Promise.all(missing.map((name) => named(api, site, name, signal)))) {
        known.set(point.point_name, point);
      }
      return true;
    },
    [api, site, JSON.stringify(missing)],
  );
  return { ...loaded, value: missing.length ? undefined : true };
}

/** A point as the site lists it; one that it lacks stands for itself. */
export async function named(api: Api, site: string, name: string, signal: AbortSignal): Promise<Point> {
  const unknown: Point = {
    point_name: name,
    display_name: name,
    unit: "",
    tags: [],
    interval_seconds: null,
    description: "",
    device: null,
    equipment: null,
  };
  const path = `/sites/${encodeURIComponent(site)}/points`;
  let token: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const asked: Parameters = { search: name, limit: PAGE, next_token: token ?? undefined };
    const answer: PointPage = await api.get<PointPage>(path, asked, signal);
    const found = answer.points.find((point) => point.point_name === name);
    if (found) return found;
    token = answer.next_token;
    if (!token) break;
  }
  return unknown;
}
