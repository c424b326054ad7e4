import type { ComponentProps, RefObject } from "preact";
import { isModified } from "../../../ui/keys";

type Props = Omit<ComponentProps<"figure">, "ref"> & {
  host: RefObject<HTMLElement | null>;
  busy: boolean;
  /** What it is, and what keys do. */
  label: string;
  onKey: (event: KeyboardEvent) => void;
};

/** A figure that is used with keys. */
export function ViewFigure({ host, busy, label, onKey, ...props }: Props) {
  return (
    <figure
      ref={host}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: keys work on it
      tabIndex={0}
      aria-busy={busy}
      aria-label={label}
      onKeyDown={(event) => {
        if (!isModified(event)) onKey(event);
      }}
      {...props}
    />
  );
}
