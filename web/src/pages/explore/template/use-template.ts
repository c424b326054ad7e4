import { useMemo, useRef } from "preact/hooks";
import type { Api } from "../../../api/client";
import type { Point } from "../../../api/types";
import { useLoaded } from "../../../ui/load";
import { useStable } from "../use-stable";
import { loadKind, loadRoles } from "./load";
import { neighbour, notesOf, type RoleMatch, slotsOfRoles, type Template } from "./template";

/** The points of a template, and the equipment before and after. */
export type Followed = {
  equipment: string;
  points: string[];
  /** The colours of the points; undefined until they are loaded. */
  slots: ReadonlyMap<string, number> | undefined;
  notes: string[];
  /** Whether the points are still those of the previous address. */
  pending: boolean;
  error: Error | undefined;
  reload: () => void;
  /** The equipment of the kind, in name order; undefined until it is loaded. */
  kind: readonly string[] | undefined;
  kindError: Error | undefined;
  /** Returns the equipment before or after this one. */
  neighbour: (step: 1 | -1) => string | undefined;
};

/** Resolves a template; until that is done, the points are those before. `cache` takes the points. */
export function useTemplate(
  api: Api,
  site: string,
  chosen: Template | undefined,
  selected: string[],
  cache: Map<string, Point>,
): Followed | undefined {
  const template = useStable(chosen);
  const roles = useStable(chosen?.roles);
  const loaded = useLoaded(
    async (signal) =>
      template && { template, matches: cached(await loadRoles(api, site, template, signal), cache) },
    [api, site, template],
  );
  const kind = useLoaded(
    async (signal) => template && { roles, names: await loadKind(api, site, template, signal) },
    [api, site, roles],
  );
  const before = useRef<string[]>([]);
  const { value } = loaded;
  const matches = value?.template === template ? value?.matches : undefined;
  const slots = useMemo(() => matches && slotsOfRoles(matches), [matches]);
  const error = matches || loaded.loading ? undefined : loaded.error;
  if (slots || !template) before.current = slots ? [...slots.keys()] : selected;
  if (!template) return undefined;
  const names = kind.value?.roles === roles ? kind.value?.names : undefined;
  // The address may write the name in another case than the points do.
  const equipment = matches?.find(({ point }) => point)?.point?.equipment ?? template.equipment;
  return {
    equipment,
    points: error ? [] : before.current,
    slots,
    notes: matches ? notesOf({ ...template, equipment }, matches) : [],
    pending: !matches && !error,
    error,
    reload: loaded.reload,
    kind: names,
    kindError: names ? undefined : kind.error,
    neighbour: (step) => names && neighbour(names, equipment, step),
  };
}

function cached(matches: RoleMatch[], cache: Map<string, Point>): RoleMatch[] {
  for (const { point } of matches) if (point) cache.set(point.point_name, point);
  return matches;
}
