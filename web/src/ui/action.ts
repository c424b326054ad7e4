import { useState } from "preact/hooks";

/** Something that a person sets off: whether it is under way, and what went wrong the last time. */
export type Action<A extends unknown[]> = {
  busy: boolean;
  error: Error | undefined;
  begin: (...parameters: A) => void;
  forget: () => void;
};

/** Runs `act` when told to, once at a time. */
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
