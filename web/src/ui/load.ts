import { useCallback, useEffect, useState } from "preact/hooks";

/** What requests of a subject led to; the previous value of the subject stays while the next one loads. */
export type Outcome<T> = {
  subject: string;
  value: T | undefined;
  error: Error | undefined;
  loading: boolean;
};

/** The result of a request. */
export type Loaded<T> = Omit<Outcome<T>, "subject"> & { reload: () => void };

/** Returns the outcome if it is of the subject, else that nothing of the subject is loaded. */
export function outcomeOf<T>(outcome: Outcome<T>, subject: string): Outcome<T> {
  if (outcome.subject === subject) return outcome;
  return { subject, value: undefined, error: undefined, loading: true };
}

/**
 * Loads when `keys` or the subject change and on `reload`; ignores results for previous keys.
 * Values and errors of another subject are never returned.
 */
export function useLoaded<T>(
  load: (signal: AbortSignal) => Promise<T>,
  keys: readonly unknown[],
  subject = "",
): Loaded<T> {
  const [state, setState] = useState<Outcome<T>>({
    subject,
    value: undefined,
    error: undefined,
    loading: true,
  });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setState((before) => ({ ...outcomeOf(before, subject), loading: true }));
    load(stop.signal).then(
      (value) => stop.signal.aborted || setState({ subject, value, error: undefined, loading: false }),
      (error) =>
        stop.signal.aborted ||
        setState((before) => ({ ...outcomeOf(before, subject), error, loading: false })),
    );
    return () => stop.abort();
  }, [...keys, subject, round]);
  const { value, error, loading } = outcomeOf(state, subject);
  return { value, error, loading, reload: useCallback(() => setRound((before) => before + 1), []) };
}

/** Calls `callback` at an interval while the page is visible. */
export function useInterval(milliseconds: number, callback: () => void, active = true): void {
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(() => document.hidden || callback(), milliseconds);
    return () => clearInterval(timer);
  }, [milliseconds, callback, active]);
}
