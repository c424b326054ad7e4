import { useCallback, useState } from "preact/hooks";
import { useInterval } from "./load";

/** Returns the current time (ms), updated every `everyMs`. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useInterval(
    everyMs,
    useCallback(() => setNow(Date.now()), []),
  );
  return now;
}
