import type { Site } from "./api/types";
import type { Route } from "./route";

/** Returns the site in the address, or the first site when the address has none. */
export function siteOf(sites: Site[], route: Route): Site | undefined {
  return route.site ? sites.find((site) => site.site_name === route.site) : sites[0];
}
