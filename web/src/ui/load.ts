import { useCallback, useEffect, useState } from "preact/hooks";

/** What a component knows of something that it asked for; the value before stays while the next one comes. */
export type Loaded<T> = {
  value: T | undefined;
  error: Error | undefined;
  loading: boolean;
  again: () => void;
};

/** Asks when `keys` change and when told to; what comes too late for its keys is not shown. */
export function useLoaded<T>(ask: (signal: AbortSignal) => Promise<T>, keys: readonly unknown[]): Loaded<T> {
  const [state, show] = useState<Omit<Loaded<T>, "again">>({
    value: undefined,
    error: undefined,
    loading: true,
  });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    show((before) => ({ ...before, loading: true }));
    ask(stop.signal).then(
      (value) => stop.signal.aborted || show({ value, error: undefined, loading: false }),
      (error) => stop.signal.aborted || show((before) => ({ value: before.value, error, loading: false })),
    );
    return () => stop.abort();
  }, [...keys, round]);
  return { ...state, again: useCallback(() => setRound((before) => before + 1), []) };
}

/** Calls back every so often while the page can be seen. */
export function useEvery(milliseconds: number, callback: () => void, active = true): void {
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(() => document.hidden || callback(), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds, callback, active]);
}
