import { useState } from "preact/hooks";

const KEY = "vitals-theme";
const NEXT: Record<string, string> = { "": "light", light: "dark", dark: "" };
const NAMES: Record<string, string> = { "": "system", light: "light", dark: "dark" };

/** Event of a theme change, for canvases. */
export const THEME_CHANGED = "vitals-theme-changed";

export function ThemeButton() {
  const [theme, setTheme] = useState(document.documentElement.dataset.theme ?? "");
  const turn = () => {
    const next = NEXT[theme] ?? "";
    localStorage.setItem(KEY, next);
    document.documentElement.dataset.theme = next;
    setTheme(next);
    dispatchEvent(new Event(THEME_CHANGED));
  };
  return (
    <button
      type="button"
      class="quiet"
      onClick={turn}
      aria-label={`Colours: ${NAMES[theme]}`}
      title={`Colours: ${NAMES[theme]}`}
    >
      {theme === "dark" ? "☾" : theme === "light" ? "☀" : "◐"}
    </button>
  );
}
