import type { Site } from "./api/types";
import type { Route } from "./route";

/** The site of the address, or the first where it names none. */
export function siteOf(sites: Site[], route: Route): Site | undefined {
  return route.site ? sites.find((site) => site.site_name === route.site) : sites[0];
}
