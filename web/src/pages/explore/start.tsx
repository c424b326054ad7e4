import type { Api } from "../../api/client";
import type { Point, PointPage } from "../../api/types";
import { useLoaded } from "../../ui/load";
import { Failure, Loading } from "../../ui/states";
import { latest } from "./points/latest";

const OFFERED = 3;
const LOOKED_AT = 12;
/** What people look at first; the empty search finds any point. */
const LIKELY = ["zone temperature", "temp", ""];

/** What there is to do while no point is chosen: three that are likely to be wanted. */
export function Start({
  api,
  site,
  onStart,
}: {
  api: Api;
  site: string;
  onStart: (points: Point[]) => void;
}) {
  const offer = useLoaded((signal) => likely(api, site, signal), [api, site]);
  if (offer.error) return <Failure error={offer.error} again={offer.again} />;
  if (!offer.value) return <Loading what="points" />;
  return (
    <div class="start">
      <strong>Choose points to see them here</strong>
      <p>Search by name, unit, device or tag, or start with one of these:</p>
      <div class="offers">
        {offer.value.map((point) => (
          <button key={point.point_name} type="button" onClick={() => onStart([point])}>
            {point.display_name}
          </button>
        ))}
        {offer.value.length > 1 && (
          <button type="button" class="quiet" onClick={() => onStart(offer.value ?? [])}>
            All {offer.value.length}
          </button>
        )}
      </div>
    </div>
  );
}

/** The first points that measure what people look at first, those with values before those without. */
async function likely(api: Api, site: string, signal: AbortSignal): Promise<Point[]> {
  const found = new Map<string, Point>();
  for (const search of LIKELY) {
    const path = `/sites/${encodeURIComponent(site)}/points`;
    const page = await api.get<PointPage>(path, { search, limit: LOOKED_AT }, signal);
    for (const point of page.points) found.set(point.point_name, point);
    if (found.size >= OFFERED) break;
  }
  const last = await latest(api, site, [...found.keys()].slice(0, LOOKED_AT), signal);
  const points = [...found.values()];
  const alive = points.filter((point) => typeof last.get(point.point_name)?.value === "number");
  return [...new Set([...alive, ...points])].slice(0, OFFERED);
}
