// The shortest sets of marker tags that select a point alone within its equipment.

import type { Point } from "../../../api/types";
import { pointTitle } from "../points/title";
import { MAX_TAGS, type Role, type Template } from "./template";

/** More steps than the points of real equipment take. */
const MAX_STEPS = 20_000;

export type Follow = { template: Template } | { reason: string };

/** Returns the template of points, or the reason for which they have none; `members` are the points of their equipment. */
export function templateOf(points: readonly Point[], members: readonly Point[]): Follow {
  const equipment = commonEquipment(points);
  if ("reason" in equipment) return equipment;
  const roles: Role[] = [];
  for (const point of points) {
    const others = members.filter(({ point_name }) => point_name !== point.point_name);
    const role = shortestRole(point, others);
    if (!role) return { reason: noRole(point, others, equipment.name) };
    roles.push(role);
  }
  return { template: { equipment: equipment.name, roles } };
}

/** Returns the equipment of all points, or the reason for which there is none. */
export function commonEquipment(points: readonly Point[]): { name: string } | { reason: string } {
  const [first, ...others] = points;
  const alone = points.find(({ equipment }) => !equipment);
  if (!first || alone)
    return {
      reason: `${alone ? title(alone) : "The selection"} belongs to no equipment, so none can be followed.`,
    };
  const other = others.find(({ equipment }) => equipment !== first.equipment);
  const name = first.equipment as string;
  if (!other) return { name };
  return {
    reason: `The points belong to several equipment: ${name} and ${other.equipment}. Select points of only one.`,
  };
}

/** Returns the shortest set of the point's markers that no other point has; of several the first in their order. */
export function shortestRole(point: Point, others: readonly Point[]): Role | undefined {
  const markers = markersOf(point);
  if (!markers.length) return undefined;
  // For each other point the markers that it lacks: a role must have a marker of each set.
  const missing = others.map((other) => {
    const forms = formsOf(other);
    return markers.filter((marker) => !forms.has(form(marker)));
  });
  if (missing.some((set) => !set.length)) return undefined;
  const sets = missing.sort((first, second) => first.length - second.length);
  const steps = { remaining: MAX_STEPS };
  for (let size = 0; size <= MAX_TAGS; size++) {
    const hit = hitting(sets, [], size, steps);
    if (hit) return hit.length ? markers.filter((marker) => hit.includes(marker)) : markers.slice(0, 1);
  }
  return undefined;
}

/** Returns a set of at most `size` more markers that has one of each set. */
function hitting(
  sets: readonly string[][],
  chosen: readonly string[],
  size: number,
  steps: { remaining: number },
): readonly string[] | undefined {
  const open = sets.find((set) => !set.some((marker) => chosen.includes(marker)));
  if (!open) return chosen;
  if (!size) return undefined;
  for (const marker of open) {
    if (steps.remaining-- <= 0) return undefined;
    const hit = hitting(sets, [...chosen, marker], size - 1, steps);
    if (hit) return hit;
  }
  return undefined;
}

/** Returns the tags that a role may have: pairs name one point, and a comma separates tags. */
function markersOf({ tags }: Point): string[] {
  const markers = new Map(tags.map((tag) => [form(tag), tag.trim()]));
  return [...markers.values()].filter((tag) => tag && !/[=,]/.test(tag));
}

/** Returns the tags that match a point: its own, and the keys of its pairs. */
function formsOf({ tags, unit, equipment }: Point): Set<string> {
  const all = [...tags, ...(unit ? [`unit=${unit}`] : []), ...(equipment ? [`equip=${equipment}`] : [])];
  return new Set(all.flatMap((tag) => [form(tag), form(tag.split("=", 1)[0] as string)]));
}

/** Returns a tag as the API compares it. */
function form(tag: string): string {
  return tag.normalize("NFKD").toLowerCase().trim();
}

function noRole(point: Point, others: readonly Point[], equipment: string): string {
  const markers = markersOf(point);
  if (!markers.length)
    return `${title(point)} has no marker tags, by which the point of another equipment is selected.`;
  const twin = others.find((other) => markers.every((marker) => formsOf(other).has(form(marker))));
  return twin
    ? `The tags of ${title(point)} do not select it alone: ${title(twin)} of ${equipment} has all of them.`
    : `${title(point)} needs too many tags to be selected alone.`;
}

function title(point: Point): string {
  return `“${pointTitle(point)}”`;
}
