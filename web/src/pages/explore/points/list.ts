// Points as the picker lists them, page by page.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Api } from "../../../api/client";
import type { Point } from "../../../api/types";
import { loadPoints } from "./page";

const PAGE = 200;
const SEARCH_MS = 200;

export type Filter = { search: string; tags: string[] };

type PointList = {
  points: Point[];
  complete: boolean;
  /** Whether the points match the current filter. */
  current: boolean;
  loading: boolean;
  error: Error | undefined;
  /** Adds the next page. */
  addPage: () => void;
  /** Repeats the request that failed. */
  reload: () => void;
};

/** `filter` is the filter that the points match, as JSON. */
type ListState = { filter: string; points: Point[]; token: string | null; loading: boolean; error?: Error };

/** Returns the points that match the filter; the first page loads at once. */
export function usePointList(api: Api, site: string, filter: Filter): PointList {
  const key = JSON.stringify(filter);
  const { state, load } = usePages(api, site, key);
  const { points, token, loading, error } = state;
  const reload = useCallback(() => {
    load(points.length ? token : null);
  }, [load, points.length, token]);
  const addPage = useCallback(() => {
    if (!loading && !error && token) load(token);
  }, [loading, error, token, load]);
  return { points, complete: !token, current: state.filter === key, loading, error, addPage, reload };
}

/** Returns the loaded pages and a function that loads one; the first page replaces those of the previous filter. */
function usePages(api: Api, site: string, key: string) {
  const [state, setState] = useState<ListState>({ filter: "", points: [], token: null, loading: true });
  const abort = useRef(new AbortController());
  const load = useCallback(
    async (token: string | null) => {
      const { signal } = abort.current;
      setState(({ error: _, ...before }) => ({ ...before, loading: true }));
      try {
        const { search, tags }: Filter = JSON.parse(key);
        const parameters = { search, tag: tags, limit: PAGE, next_token: token ?? undefined };
        const page = await loadPoints(api, site, parameters, signal);
        setState((before) => ({
          filter: key,
          points: token ? [...before.points, ...page.points] : page.points,
          token: page.next_token,
          loading: false,
        }));
      } catch (cause) {
        const error = cause as Error;
        // Points of another filter are not a beginning of this list.
        const stable = (before: ListState) => (token ? before : { filter: key, points: [], token: null });
        if (!signal.aborted) setState((before) => ({ ...stable(before), loading: false, error }));
      }
    },
    [api, site, key],
  );
  useEffect(() => {
    const stop = new AbortController();
    abort.current = stop;
    load(null);
    return () => stop.abort();
  }, [load]);
  return { state, load };
}

/** Returns the text after typing has paused. */
export function useDebounced(text: string): string {
  const [settled, settle] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => settle(text), SEARCH_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
