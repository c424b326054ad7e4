// Points named by their tags under an equipment, so that a link fits each equipment of the kind.

import type { Point } from "../../../api/types";
import { MAX_LINES } from "../data/line";
import { pointTitle } from "../points/title";

/** Tags that a point must all have; the point is one line. */
export type Role = readonly string[];

export type Template = { equipment: string; roles: Role[] };

/** The tags of a role. */
export const MAX_TAGS = 20;

/** Returns the template of an address; undefined without an equipment or without roles. */
export function parseTemplate(parameters: URLSearchParams): Template | undefined {
  const equipment = parameters.get("equip") ?? "";
  const roles = rolesIn(parameters).slice(0, MAX_LINES);
  return equipment && roles.length ? { equipment, roles: roles.map(tagsOf) } : undefined;
}

/** Returns the different roles of an address, also those that are too many. */
export function rolesIn(parameters: URLSearchParams): string[] {
  const texts = parameters.getAll("role").map((text) => tagsOf(text).join());
  return [...new Set(texts)].filter(Boolean);
}

export function formatTemplate({ equipment, roles }: Template): [string, string][] {
  return [["equip", equipment], ...roles.map((role): [string, string] => ["role", role.join()])];
}

function tagsOf(text: string): string[] {
  const tags = text.split(",").map((tag) => tag.trim());
  return [...new Set(tags)].filter(Boolean).slice(0, MAX_TAGS);
}

/** The first of the points that a role matches, in name order; `several` when it matches others too. */
export type RoleMatch = { point: Point | undefined; several: boolean };

/** Returns what is not as a reader of the template expects. */
export function notesOf({ equipment, roles }: Template, matches: readonly RoleMatch[]): string[] {
  const first = new Map<string, Role>();
  return roles.flatMap((role, index) => {
    const { point, several } = matches[index] ?? { point: undefined, several: false };
    if (!point) return [`${equipment} has no point with the tags ${listed(role)}.`];
    const name = pointTitle(point);
    const same = first.get(point.point_name);
    first.set(point.point_name, same ?? role);
    return [
      ...(several
        ? [
            `Several points of ${equipment} have the tags ${listed(role)}. The first by name is shown: ${name}.`,
          ]
        : []),
      ...(same ? [`The tags ${listed(same)} and ${listed(role)} select the same point: ${name}.`] : []),
    ];
  });
}

function listed(role: Role): string {
  return `“${role.join(", ")}”`;
}

/** Returns the matched points by their colours: the number of the role, which all equipment has in common. */
export function slotsOfRoles(matches: readonly RoleMatch[]): Map<string, number> {
  const slots = new Map<string, number>();
  matches.forEach(({ point }, slot) => {
    if (point && !slots.has(point.point_name)) slots.set(point.point_name, slot);
  });
  return slots;
}

/** Returns the equipment before or after the current one, around the ends; undefined when there is no other. */
export function neighbour(sorted: readonly string[], current: string, step: 1 | -1): string | undefined {
  const index = sorted.indexOf(current);
  // An equipment that lacks a role is not in the list, but has its position there.
  const after = sorted.findIndex((name) => name > current);
  const next = after < 0 ? 0 : after;
  const position = index >= 0 ? index + step : step > 0 ? next : next - 1;
  const name = sorted.at(position % Math.max(1, sorted.length));
  return name === current ? undefined : name;
}

/** Returns the names that all sets have, in order. */
export function common(sets: readonly ReadonlySet<string>[]): string[] {
  const [first, ...others] = sets;
  return [...(first ?? [])].filter((name) => others.every((set) => set.has(name))).sort();
}
