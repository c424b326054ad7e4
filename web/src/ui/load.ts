import { useCallback, useEffect, useState } from "preact/hooks";

/** What a component knows of something that it asked for; the value before stays while the next one comes. */
export type Loaded<T> = {
  value: T | undefined;
  error: Error | undefined;
  loading: boolean;
  reload: () => void;
};

/** Asks when `keys` change and when told to; what comes too late for its keys is not shown. */
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

/** Calls back every so often while the page can be seen. */
export function useInterval(milliseconds: number, callback: () => void, active = true): void {
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(() => document.hidden || callback(), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds, callback, active]);
}
