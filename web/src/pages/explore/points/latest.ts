// The last values of points.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type Api, sitePath } from "../../../api/client";
import type { Latest } from "../../../api/types";
import { useInterval } from "../../../ui/load";
import { MINUTE } from "../range/range";

const SCROLL_MS = 150;

/** Names per request. */
const BATCH = 20;

/** The newest sample of 24 hours, or the time (ms) of the last archived sample, null when there is none. */
export type Last = { value: number; timestamp: number } | { value: null; seen: number | null };

/** Returns last values by name, loaded for the visible names and reloaded each minute. */
export function useLatest(
  api: Api,
  site: string,
  names: string[],
): { values: ReadonlyMap<string, Last>; error: Error | undefined } {
  const [values, setValues] = useState<ReadonlyMap<string, Last>>(new Map());
  const [error, setError] = useState<Error>();
  const [round, setRound] = useState(0);
  const requested = useRef({ round: 0, names: new Set<string>() });
  useInterval(
    MINUTE,
    useCallback(() => setRound((before) => before + 1), []),
  );
  useEffect(() => {
    if (requested.current.round !== round) requested.current = { round, names: new Set() };
    const { names: loaded } = requested.current;
    const stop = new AbortController();
    const load = async () => {
      const missing = names.filter((name) => !loaded.has(name));
      for (let start = 0; start < missing.length; start += BATCH) {
        const batch = missing.slice(start, start + BATCH);
        const lastValues = await latestValues(api, site, batch, stop.signal);
        for (const name of batch) loaded.add(name);
        setValues((before) => new Map([...before, ...lastValues]));
      }
      setError(undefined);
    };
    const timer = setTimeout(
      () => load().catch((cause) => stop.signal.aborted || setError(cause)),
      SCROLL_MS,
    );
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [api, site, JSON.stringify(names), round]);
  return { values, error };
}

/** Returns the last value of each point; uses POST because an address cannot carry every name. */
export async function latestValues(
  api: Api,
  site: string,
  names: string[],
  signal: AbortSignal,
): Promise<Map<string, Last>> {
  if (!names.length) return new Map();
  const path = sitePath(site, "latest");
  const answer = await api.post<Latest>(path, { point_names: names }, signal);
  return new Map(
    answer.latest.map(({ point_name, timestamp, value, last_seen }) => [
      point_name,
      timestamp === null || value === null ? { value: null, seen: last_seen } : { timestamp, value },
    ]),
  );
}
