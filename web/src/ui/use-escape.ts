import { useEffect } from "preact/hooks";

/** Calls a function on Escape anywhere in the page while it is active. */
export function useEscape(active: boolean, onEscape: () => void): void {
  useEffect(() => {
    if (!active) return undefined;
    const press = (event: KeyboardEvent) => event.key === "Escape" && onEscape();
    // Before others, which may end the event.
    addEventListener("keydown", press, true);
    return () => removeEventListener("keydown", press, true);
  }, [active]);
}
