import { type Api, type Parameters, sitePath } from "../../../api/client";
import type { PointPage } from "../../../api/types";

/** Loads a page of the points of a site. */
export function loadPoints(
  api: Api,
  site: string,
  parameters: Parameters,
  signal: AbortSignal,
): Promise<PointPage> {
  return api.get<PointPage>(sitePath(site, "points"), parameters, signal);
}
