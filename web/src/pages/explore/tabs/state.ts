// The views of the selection, and their settings in the address.

export const TABS = ["lines", "scatter", "carpet"] as const;
export type Tab = (typeof TABS)[number];

export type TabState = {
  tab: Tab;
  /** The points of the axes of a scatter; empty for the first two. */
  x: string;
  y: string;
  /** Whether these two are swapped. */
  swapped: boolean;
  /** Of the dots: `hour`, `plain`, or `state:` and the name of a binary point. */
  colour: string;
  /** The point of the carpet; empty for the first. */
  carpet: string;
};

const STATE = "state:";

export function parseTabState(parameters: URLSearchParams): TabState {
  const colour = parameters.get("colour") ?? "";
  return {
    tab: TABS.find((tab) => tab === parameters.get("view")) ?? "lines",
    x: parameters.get("x") ?? "",
    y: parameters.get("y") ?? "",
    swapped: parameters.get("swap") === "1",
    colour: colour === "plain" || colour.startsWith(STATE) ? colour : "hour",
    carpet: parameters.get("carpet") ?? "",
  };
}

/** Returns the parameters that differ from the defaults. */
export function formatTabState({ tab, x, y, swapped, colour, carpet }: TabState): [string, string][] {
  const entries: [string, string, string][] = [
    ["view", tab, "lines"],
    ["x", x, ""],
    ["y", y, ""],
    ["swap", swapped ? "1" : "", ""],
    ["colour", colour, "hour"],
    ["carpet", carpet, ""],
  ];
  return entries.filter(([, value, initial]) => value !== initial).map(([name, value]) => [name, value]);
}

/** Returns the colour setting of a binary point. */
export function stateColour(name: string): string {
  return STATE + name;
}
