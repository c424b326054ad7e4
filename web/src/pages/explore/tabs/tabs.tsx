import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { isModified } from "../../../ui/keys";
import { TABS, type Tab } from "./state";
import "./tabs.css";

const TITLES: Record<Tab, string> = { lines: "Chart", scatter: "Scatter", carpet: "Carpet" };

type Props = { tab: Tab; onTab: (tab: Tab) => void; children: ComponentChildren };

/** The tabs above the chart, and the view of the selected one. */
export function Tabs({ tab, onTab, children }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const press = (event: KeyboardEvent) => {
    const next = tabByKey(tab, event.key);
    if (!next || isModified(event)) return;
    event.preventDefault();
    onTab(next);
    list.current?.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label="View" ref={list} onKeyDown={press}>
        {TABS.map((name) => (
          <button
            key={name}
            id={`tab-${name}`}
            type="button"
            role="tab"
            aria-selected={name === tab}
            aria-controls="tab-panel"
            tabIndex={name === tab ? 0 : -1}
            onClick={() => onTab(name)}
          >
            {TITLES[name]}
          </button>
        ))}
      </div>
      <div id="tab-panel" class="panel-of-tab" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {children}
      </div>
    </>
  );
}

/** Returns the tab that a key moves to; arrows continue at the other end. */
export function tabByKey(tab: Tab, key: string): Tab | undefined {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (step) return TABS.at((TABS.indexOf(tab) + step) % TABS.length);
  if (key === "Home") return TABS[0];
  return key === "End" ? TABS.at(-1) : undefined;
}
