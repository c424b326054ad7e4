import type { Api } from "../../api/client";
import type { Point } from "../../api/types";
import { useLoaded } from "../../ui/load";
import { Failure, Loading } from "../../ui/states";
import { latestValues } from "./points/latest";
import { loadPoints } from "./points/page";

const SUGGESTIONS = 3;
const CANDIDATES = 12;
/** Searches for suggestions, in this order; the empty search matches every point. */
const SEARCHES = ["zone temperature", "temp", ""];

/** Suggested points, shown while no point is selected. */
export function Start({
  api,
  site,
  onStart,
}: {
  api: Api;
  site: string;
  onStart: (points: Point[]) => void;
}) {
  const suggested = useLoaded((signal) => suggestedPoints(api, site, signal), [api, site]);
  if (suggested.error) return <Failure error={suggested.error} onRetry={suggested.reload} />;
  if (!suggested.value) return <Loading subject="points" />;
  return (
    <div class="start">
      <strong>Choose points to see them here</strong>
      <p>Search by name, unit, device or tag, or start with a suggestion:</p>
      <div class="offers">
        {suggested.value.map((point) => (
          <button key={point.point_name} type="button" onClick={() => onStart([point])}>
            {point.display_name}
          </button>
        ))}
        {suggested.value.length > 1 && (
          <button type="button" class="quiet" onClick={() => onStart(suggested.value ?? [])}>
            All {suggested.value.length}
          </button>
        )}
      </div>
    </div>
  );
}

/** Returns suggested points, points with a last value first. */
async function suggestedPoints(api: Api, site: string, signal: AbortSignal): Promise<Point[]> {
  const points = new Map<string, Point>();
  for (const search of SEARCHES) {
    const page = await loadPoints(api, site, { search, limit: CANDIDATES }, signal);
    for (const point of page.points) points.set(point.point_name, point);
    if (points.size >= SUGGESTIONS) break;
  }
  const last = await latestValues(api, site, [...points.keys()].slice(0, CANDIDATES), signal);
  const matches = [...points.values()];
  const alive = matches.filter((point) => typeof last.get(point.point_name)?.value === "number");
  return [...new Set([...alive, ...matches])].slice(0, SUGGESTIONS);
}
