import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { isModified } from "./keys";
import { optionByKey } from "./menu-keys";
import { usePopover } from "./use-popover";
import "./menu.css";

/** An entry of a menu with its line of help, or with the reason for which it cannot be chosen. */
export type MenuOption<T extends string> = {
  value: T;
  title: string;
  help: string;
  reason?: string | undefined;
};

type Props<T extends string> = {
  /** The name of the choice, before the text of the button unless the text says it all. */
  name: string;
  isNamed?: boolean;
  text: string;
  options: readonly MenuOption<T>[];
  value: T | undefined;
  /** Whether the value is not the default, which the button shows. */
  chosen: boolean;
  onChoose: (value: T) => void;
  /** More controls below the entries, which close the menu by the function. */
  children?: (close: () => void) => ComponentChildren;
};

/** A button that opens a list of which one entry is chosen. */
export function Menu<T extends string>({ name, isNamed = true, text, chosen, children, ...list }: Props<T>) {
  const { open, toggle, close, box, button } = usePopover();
  const id = useId();
  const leave = () => {
    close();
    button.current?.focus();
  };
  return (
    <div
      class="menu"
      ref={box}
      onFocusOut={(event) => {
        const next = event.relatedTarget;
        if (open && next instanceof Node && !box.current?.contains(next)) close();
      }}
    >
      <button
        type="button"
        ref={button}
        class={chosen ? "chosen" : undefined}
        aria-haspopup="listbox"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={toggle}
        onKeyDown={(event) => {
          if (open || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
          event.preventDefault();
          toggle();
        }}
      >
        <span class={isNamed ? "name" : "visually-hidden"}>{name}</span> {text}
      </button>
      {open && (
        <div class="sheet">
          <Options id={id} name={name} {...list} onClose={leave} />
          {children?.(leave)}
        </div>
      )}
    </div>
  );
}

type OptionsProps<T extends string> = Pick<Props<T>, "name" | "options" | "value" | "onChoose"> & {
  id: string;
  onClose: () => void;
};

/** The list, which has the focus; the active entry is the one that Enter chooses. */
function Options<T extends string>({ id, name, options, value, onChoose, onClose }: OptionsProps<T>) {
  const selected = options.findIndex((option) => option.value === value);
  const [active, setActive] = useState(Math.max(0, selected));
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => list.current?.focus(), []);
  useLayoutEffect(() => list.current?.children[active]?.scrollIntoView({ block: "nearest" }), [active]);
  const choose = (option: MenuOption<T> | undefined) => {
    if (!option || option.reason) return;
    onClose();
    onChoose(option.value);
  };
  const press = (event: KeyboardEvent) => {
    if (isModified(event)) return;
    if (event.key === "Enter" || event.key === " ") choose(options[active]);
    const next = optionByKey(
      options.map(({ title }) => title),
      active,
      event.key,
    );
    if (next !== undefined) setActive(next);
    if (next !== undefined || event.key === "Enter" || event.key === " ") event.preventDefault();
  };
  return (
    <div
      id={id}
      ref={list}
      role="listbox"
      tabIndex={0}
      aria-label={name}
      aria-activedescendant={`${id}-${active}`}
      onKeyDown={press}
    >
      {options.map((option, index) => (
        <Entry
          key={option.value}
          id={`${id}-${index}`}
          option={option}
          selected={index === selected}
          active={index === active}
          onPoint={() => setActive(index)}
          onChoose={() => choose(option)}
        />
      ))}
    </div>
  );
}

type EntryProps = {
  id: string;
  option: MenuOption<string>;
  selected: boolean;
  active: boolean;
  onPoint: () => void;
  onChoose: () => void;
};

function Entry({ id, option: { title, help, reason }, selected, active, onPoint, onChoose }: EntryProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list handles the keys
    <div
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={selected}
      aria-disabled={reason !== undefined}
      class={active ? "active" : undefined}
      onPointerMove={onPoint}
      onClick={onChoose}
    >
      <span>{title}</span>
      <small>{reason ?? help}</small>
    </div>
  );
}
