import { useRef } from "preact/hooks";

/** Returns the previous value while the new value is equal to it. */
export function useStable<T>(value: T): T {
  const stable = useRef(value);
  if (JSON.stringify(stable.current) !== JSON.stringify(value)) stable.current = value;
  return stable.current;
}
