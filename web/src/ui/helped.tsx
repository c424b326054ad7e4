import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { useEscape } from "./use-escape";
import "./helped.css";

/** The most pixels that a help is wide, with a margin. */
const WIDEST = 270;

type Props = { help: string; children: (id: string) => ComponentChildren };

/** A control with a line of help, which is shown on hover and on focus until Escape; its id describes the control. */
export function Helped({ help, children }: Props) {
  const id = useId();
  const [dismissed, setDismissed] = useState(false);
  const [hovered, setHovered] = useState(false);
  const [focused, setFocused] = useState(false);
  useEscape(hovered || focused, () => setDismissed(true));
  const enter = (event: { currentTarget: HTMLElement }, show: (shown: boolean) => void) => {
    place(event);
    show(true);
  };
  const leave = (show: (shown: boolean) => void) => {
    setDismissed(false);
    show(false);
  };
  return (
    <span
      class={dismissed ? "helped" : "helped open"}
      onFocusIn={(event) => enter(event, setFocused)}
      onFocusOut={() => leave(setFocused)}
      onPointerEnter={(event) => enter(event, setHovered)}
      onPointerLeave={() => leave(setHovered)}
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
