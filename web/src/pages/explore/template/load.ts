// Points of the site by their tags.

import type { Api } from "../../../api/client";
import { inParallel } from "../../../api/parallel";
import type { Point } from "../../../api/types";
import { number } from "../../../ui/format";
import { loadPoints } from "../points/page";
import { commonEquipment, type Follow, templateOf } from "./shortest";
import { common, type RoleMatch, type Template } from "./template";

const PAGE = 1_000;
/** More pages than the largest site has. */
const MAX_PAGES = 100;

/** Returns the point of each role, in the order of the roles. */
export function loadRoles(
  api: Api,
  site: string,
  { equipment, roles }: Template,
  signal: AbortSignal,
): Promise<RoleMatch[]> {
  return inParallel(roles, async (role) => {
    const parameters = { tag: [`equip=${equipment}`, ...role], limit: 2 };
    const { points, next_token } = await loadPoints(api, site, parameters, signal);
    return { point: points[0], several: points.length > 1 || next_token !== null };
  });
}

/** Returns the equipment that has a point for every role, in name order. */
export async function loadKind(
  api: Api,
  site: string,
  { roles }: Template,
  signal: AbortSignal,
): Promise<string[]> {
  const sets = await inParallel(roles, async (role) => {
    const points = await loadTagged(api, site, [...role], signal);
    return new Set(points.flatMap(({ equipment }) => equipment ?? []));
  });
  return common(sets);
}

/** Returns the template of points, or the reason for which they have none. */
export async function loadTemplate(
  api: Api,
  site: string,
  points: readonly Point[],
  signal: AbortSignal,
): Promise<Follow> {
  const equipment = commonEquipment(points);
  if ("reason" in equipment) return equipment;
  return templateOf(points, await loadTagged(api, site, [`equip=${equipment.name}`], signal));
}

/** Returns all points with the tags; throws when there are too many, for a part of them would mislead. */
async function loadTagged(api: Api, site: string, tags: string[], signal: AbortSignal): Promise<Point[]> {
  const points: Point[] = [];
  let token: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = await loadPoints(api, site, { tag: tags, limit: PAGE, next_token: token }, signal);
    points.push(...answer.points);
    token = answer.next_token ?? undefined;
    if (!token) return points;
  }
  throw new Error(`More than ${number(PAGE * MAX_PAGES)} points have the tags ${tags.join(", ")}`);
}
