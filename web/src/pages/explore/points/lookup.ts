// Points by name.

import type { Api, Parameters } from "../../../api/client";
import { inParallel } from "../../../api/parallel";
import type { Point, PointPage } from "../../../api/types";
import { type Loaded, useLoaded } from "../../../ui/load";
import { loadPoints } from "./page";

const PAGE = 200;
/** More pages than the largest site has. */
const MAX_PAGES = 100;

/** Loads the points that `cache` does not have; the value is true when the cache has all of them. */
export function usePointLookup(
  api: Api,
  site: string,
  names: string[],
  cache: Map<string, Point>,
): Loaded<boolean> {
  const missing = names.filter((name) => !cache.has(name));
  const loaded = useLoaded(
    async (signal) => {
      for (const point of await inParallel(missing, (name) => findPoint(api, site, name, signal))) {
        cache.set(point.point_name, point);
      }
      return true;
    },
    [api, site, JSON.stringify(missing)],
  );
  return { ...loaded, value: missing.length ? undefined : true };
}

/** Returns a point of the site, or a point with only a name when the site does not list it. */
export async function findPoint(api: Api, site: string, name: string, signal: AbortSignal): Promise<Point> {
  let token: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const parameters: Parameters = { search: name, limit: PAGE, next_token: token ?? undefined };
    const answer: PointPage = await loadPoints(api, site, parameters, signal);
    const match = answer.points.find((point) => point.point_name === name);
    if (match) return match;
    token = answer.next_token;
    if (!token) break;
  }
  return unlisted(name);
}

/** Returns a point with only a name. */
export function unlisted(name: string): Point {
  return {
    point_name: name,
    display_name: name,
    unit: "",
    tags: [],
    interval_seconds: null,
    description: "",
    device: null,
    equipment: null,
    kind: "analog",
  };
}
