import { formatRoute, type Page } from "../route";

/** Returns the address of a page of a site. */
export function link(page: Page, site: string, parameters: Record<string, string> = {}): string {
  return formatRoute({ page, site, parameters: new URLSearchParams(parameters) });
}
