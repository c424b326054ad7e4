import type { Api } from "../api/client";
import type { Site } from "../api/types";
import type { Route } from "../route";

/** The properties of every page; the page reads its own parameters from `route`. */
export type PageProps = { api: Api; site: Site; sites: Site[]; route: Route };
