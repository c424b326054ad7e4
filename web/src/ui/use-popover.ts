import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** State of a popover; Escape and a click outside close it. */
export function usePopover() {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  // Before the popover is painted, so that no key is too early for it.
  useLayoutEffect(() => {
    if (!open) return;
    const close = (event: Event) => {
      const inside = box.current?.contains(event.target as Node);
      if (event instanceof KeyboardEvent ? event.key !== "Escape" : inside) return;
      setOpen(false);
      if (inside) button.current?.focus();
    };
    addEventListener("keydown", close);
    addEventListener("pointerdown", close);
    return () => {
      removeEventListener("keydown", close);
      removeEventListener("pointerdown", close);
    };
  }, [open]);
  return { open, toggle: () => setOpen(!open), close: () => setOpen(false), box, button };
}
