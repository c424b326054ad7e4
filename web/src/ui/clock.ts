import { useCallback, useState } from "preact/hooks";
import { useEvery } from "./load";

/** The time (ms), again every so often. */
export function useNow(everyMs: number): number {
  const [now, show] = useState(Date.now);
  useEvery(
    everyMs,
    useCallback(() => show(Date.now()), []),
  );
  return now;
}
