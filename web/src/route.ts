// The address of the page: it holds everything that a link must reproduce.

import { Store } from "./store";

export const PAGES = ["explore", "coverage", "quality", "backfills", "status"] as const;
export type Page = (typeof PAGES)[number];

/** `site` is empty until a site is selected; `parameters` belong to the page. */
export type Route = { page: Page; site: string; parameters: URLSearchParams };

/** Returns the route of a fragment such as `#/explore?site=S&point=P`; an unknown page becomes Explore. */
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

/** Goes to a route; `replace` adds no step to the history, as for a pan or a key. */
export function go(next: Route, { replace = false } = {}): void {
  const hash = formatRoute(next);
  if (replace) history.replaceState(null, "", hash);
  else location.hash = hash;
  // The hashchange event comes later; another click may come before it.
  route.set(next);
}
