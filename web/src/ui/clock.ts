import { useCallback, useState } from "preact/hooks";
import { useInterval } from "./load";

/** The time (ms), again every so often. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useInterval(
    everyMs,
    useCallback(() => setNow(Date.now()), []),
  );
  return now;
}
