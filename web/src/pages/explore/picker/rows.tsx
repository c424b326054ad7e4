import type { Api } from "../../../api/client";
import type { Point, Site } from "../../../api/types";
import { MAX_LINES } from "../data/line";
import { useLatest } from "../points/latest";
import { Row } from "./row";
import { useActiveRow } from "./use-active-row";
import { ROW, useViewport } from "./use-viewport";

type Props = {
  api: Api;
  site: Site;
  points: Point[];
  /** Whether they are those of the search before. */
  outdated: boolean;
  slots: ReadonlyMap<string, number>;
  onToggle: (point: Point) => void;
  onEnd: () => void;
};

/** The list; only visible rows are in the document. */
export function Rows({ api, site, points, outdated, slots, onToggle, onEnd }: Props) {
  const viewport = useViewport(points.length, onEnd);
  const { box, first, last, measure } = viewport;
  const { active, setActive, press } = useActiveRow(viewport, points, onToggle);
  const names = points.slice(first, last).map((point) => point.point_name);
  const latest = useLatest(api, site.site_name, names);
  const indices = [...points.keys()].slice(first, last);
  if (points[active] && !indices.includes(active)) indices.push(active);
  return (
    <>
      {latest.error && <p class="hint">Last values could not be loaded: {latest.error.message}</p>}
      <div class="rows" ref={box} onScroll={measure} aria-busy={outdated}>
        <ul style={{ height: `${points.length * ROW}px` }} onKeyDown={press}>
          {indices.map((row) => {
            const point = points[row] as Point;
            return (
              <Row
                key={point.point_name}
                row={row}
                point={point}
                slot={slots.get(point.point_name)}
                full={slots.size >= MAX_LINES}
                last={latest.values.get(point.point_name)}
                active={row === active}
                onFocus={() => setActive(row)}
                onToggle={() => onToggle(point)}
              />
            );
          })}
        </ul>
      </div>
    </>
  );
}
