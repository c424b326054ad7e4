import { useRef } from "preact/hooks";

/** The value of before while the new one says the same. */
export function useStable<T>(value: T): T {
  const stable = useRef(value);
  if (JSON.stringify(stable.current) !== JSON.stringify(value)) stable.current = value;
  return stable.current;
}
