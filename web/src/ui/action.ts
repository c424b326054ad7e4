import { useState } from "preact/hooks";

/** An action of the user: whether it is running, and the error of the last run. */
export type Action<A extends unknown[]> = {
  busy: boolean;
  error: Error | undefined;
  begin: (...parameters: A) => void;
  forget: () => void;
};

/** Returns an action that runs `act`, one run at a time. */
export function useAction<A extends unknown[]>(act: (...parameters: A) => Promise<void>): Action<A> {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const begin = (...parameters: A) => {
    if (busy) return;
    setBusy(true);
    setError(undefined);
    act(...parameters)
      .catch(setError)
      .finally(() => setBusy(false));
  };
  return { busy, error, begin, forget: () => setError(undefined) };
}
