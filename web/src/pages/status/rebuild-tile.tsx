import type { SiteStatus } from "../../api/types";
import { number } from "../../ui/format";
import { Tile } from "./tile";

/** The archived days whose rollups are of an older release; nothing when there are none. */
export function RebuildTile({ site }: { site: SiteStatus }) {
  if (!site.days_to_rebuild) return null;
  return (
    <Tile title="Days to rebuild" figure={number(site.days_to_rebuild)}>
      <p>
        <small>archived by an older release</small>
      </p>
      <p class="advice">
        Some measures of these days are slower, because they are computed from samples.{" "}
        <code>vitals backfill rebuild {site.site_name}</code> rebuilds the rollups.
      </p>
    </Tile>
  );
}
