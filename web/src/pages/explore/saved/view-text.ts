// The texts of saved views: parameters of the page's address, without the site.

import { ApiError } from "../../../api/client";
import { parseRoute, type Route } from "../../../route";
import { sentence } from "../../../ui/states";

/** Returns the text of an address such as `#/explore?site=S&point=P`. */
export function viewText(href: string): string {
  return parseRoute(href).parameters.toString();
}

/** Returns the address of a view of a site; a text may have been saved by hand. */
export function routeOfView(site: string, text: string): Route {
  const { parameters } = parseRoute(`#/explore?${text.replace(/^\?/, "")}`);
  return { page: "explore", site, parameters };
}

/** Returns a name as the API stores it. */
export function viewName(text: FormDataEntryValue | null): string {
  return String(text ?? "").trim();
}

/** Returns why a change of views failed, and what helps; `verb` is save or delete. */
export function refusal(error: Error, verb: "save" | "delete"): string {
  if (error instanceof ApiError && error.status === 403)
    return `This token may read views but not ${verb} them. Ask the operator for a token with the scope admin.`;
  return sentence(error.message);
}
