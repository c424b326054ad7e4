import { useCallback, useEffect, useState } from "preact/hooks";

/** The result of a request; the previous value stays while the next one loads. */
export type Loaded<T> = {
  value: T | undefined;
  error: Error | undefined;
  loading: boolean;
  reload: () => void;
};

/** Loads when `keys` change and on `reload`; ignores results for previous keys. */
export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>, keys: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, "reload">>({
    value: undefined,
    error: undefined,
    loading: true,
  });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setState((before) => ({ ...before, loading: true }));
    load(stop.signal).then(
      (value) => stop.signal.aborted || setState({ value, error: undefined, loading: false }),
      (error) =>
        stop.signal.aborted || setState((before) => ({ value: before.value, error, loading: false })),
    );
    return () => stop.abort();
  }, [...keys, round]);
  return { ...state, reload: useCallback(() => setRound((before) => before + 1), []) };
}

/** Calls `callback` at an interval while the page is visible. */
export function useInterval(milliseconds: number, callback: () => void, active = true): void {
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(() => document.hidden || callback(), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds, callback, active]);
}
