// The address: which page, and what it shows, so that a link shows the same to somebody else.

import { Store } from "./store";

export const PAGES = ["explore", "coverage", "backfills", "status"] as const;
export type Page = (typeof PAGES)[number];

/** `site` is empty until one is chosen; the other parameters are the page's own. */
export type Route = { page: Page; site: string; parameters: URLSearchParams };

/** The route that a fragment such as `#/explore?site=S&point=P` names; unknown pages are the first. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = split(hash.replace(/^#\/?/, ""));
  const parameters = new URLSearchParams(query);
  const site = parameters.get("site") ?? "";
  parameters.delete("site");
  return { page: PAGES.find((page) => page === path) ?? "explore", site, parameters };
}

export function formatRoute({ page, site, parameters }: Route): string {
  const all = new URLSearchParams(site ? [["site", site]] : []);
  for (const [name, value] of parameters) all.append(name, value);
  const query = all.toString();
  return `#/${page}${query && `?${query}`}`;
}

function split(text: string): [string, string] {
  const index = text.indexOf("?");
  return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + 1)];
}

export const route = new Store<Route>(parseRoute(location.hash));

addEventListener("hashchange", () => route.set(parseRoute(location.hash)));

/** Goes there; with `replace` the step back leads past it, as for a pan or a keystroke. */
export function go(next: Route, { replace = false } = {}): void {
  const hash = formatRoute(next);
  if (replace) history.replaceState(null, "", hash);
  else location.hash = hash;
  // The browser's event of it comes later, and another click may come before.
  route.set(next);
}
