// Points by name.

import type { Api, Parameters } from "../../../api/client";
import type { Point, PointPage } from "../../../api/types";
import { type Loaded, useLoaded } from "../../../ui/load";

const PAGE = 200;
/** More pages than the largest building has. */
const MOST_PAGES = 100;

/** Learns what the site says of points that an address names and that are not `known`; undefined until it has. */
export function useNamed(
  api: Api,
  site: string,
  names: string[],
  known: Map<string, Point>,
): Loaded<boolean> {
  const missing = names.filter((name) => !known.has(name));
  const loaded = useLoaded(
    async (signal) => {
      for (const point of await Promise.all(missing.map((name) => named(api, site, name, signal)))) {
        known.set(point.point_name, point);
      }
      return true;
    },
    [api, site, JSON.stringify(missing)],
  );
  return { ...loaded, value: missing.length ? undefined : true };
}

/** A point as the site lists it; one that it lacks stands for itself. */
export async function named(api: Api, site: string, name: string, signal: AbortSignal): Promise<Point> {
  const path = `/sites/${encodeURIComponent(site)}/points`;
  let token: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const asked: Parameters = { search: name, limit: PAGE, next_token: token ?? undefined };
    const answer: PointPage = await api.get<PointPage>(path, asked, signal);
    const found = answer.points.find((point) => point.point_name === name);
    if (found) return found;
    token = answer.next_token;
    if (!token) break;
  }
  return unlisted(name);
}

function unlisted(name: string): Point {
  return {
    point_name: name,
    display_name: name,
    unit: "",
    tags: [],
    interval_seconds: null,
    description: "",
    device: null,
    equipment: null,
  };
}
