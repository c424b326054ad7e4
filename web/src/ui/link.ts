import { formatRoute, type Page } from "../route";

/** The address of a page of a site, with parameters of the page's own. */
export function link(page: Page, site: string, parameters: Record<string, string> = {}): string {
  return formatRoute({ page, site, parameters: new URLSearchParams(parameters) });
}
