import { useRef } from "preact/hooks";

/** The value of before while the new one says the same. */
export function useKept<T>(value: T): T {
  const kept = useRef(value);
  if (JSON.stringify(kept.current) !== JSON.stringify(value)) kept.current = value;
  return kept.current;
}
