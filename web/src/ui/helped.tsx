import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import "./helped.css";

/** The most pixels that a help is wide, with a margin. */
const WIDEST = 270;

type Props = { help: string; children: (id: string) => ComponentChildren };

/** A control with a line of help, which is shown on hover and on focus until Escape; its id describes the control. */
export function Helped({ help, children }: Props) {
  const id = useId();
  const [dismissed, setDismissed] = useState(false);
  const renew = () => setDismissed(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the control inside takes the focus
    <span
      class={dismissed ? "helped" : "helped open"}
      onKeyDown={(event) => event.key === "Escape" && setDismissed(true)}
      onFocusIn={place}
      onFocusOut={renew}
      onPointerEnter={place}
      onPointerLeave={renew}
    >
      {children(id)}
      <span class="help" role="tooltip" id={id}>
        {help}
      </span>
    </span>
  );
}

/** Shifts the help of an element to the left where the window would cut it. */
function place({ currentTarget }: { currentTarget: HTMLElement }): void {
  const room = innerWidth - currentTarget.getBoundingClientRect().left;
  currentTarget.style.setProperty("--shift", `${Math.min(0, room - WIDEST)}px`);
}
