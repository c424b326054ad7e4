import { useState } from "preact/hooks";
import type { Api } from "../../../api/client";
import type { Point, Site } from "../../../api/types";
import { number } from "../../../ui/format";
import { Retry } from "../../../ui/retry";
import { MAX_LINES } from "../data/line";
import { useDebounced, usePointList } from "../points/list";
import { Filters } from "./filters";
import { Rows } from "./rows";

type Props = { api: Api; site: Site; slots: ReadonlyMap<string, number>; onToggle: (point: Point) => void };

/** Searches points and selects the points of the chart. */
export function Picker({ api, site, slots, onToggle }: Props) {
  const [search, setSearch] = useState("");
  const [tags, setTags] = useState<string[]>([]);
  const [equipment, setEquipment] = useState("");
  const filter = { search: useDebounced(search), tags: equipment ? [...tags, `equip=${equipment}`] : tags };
  const list = usePointList(api, site.site_name, filter);
  const filtered = filter.search.trim() !== "" || filter.tags.length > 0;
  return (
    <section class="picker" aria-label="Points">
      <SearchField search={search} onSearch={setSearch} />
      <Filters
        api={api}
        site={site.site_name}
        tags={tags}
        equipment={equipment}
        onTags={setTags}
        onEquipment={setEquipment}
      />
      <p class="found" aria-live="polite">
        {filtered ? matches(list) : `${number(site.points)} points`}
        {slots.size > 0 && `, ${slots.size} in the chart`}
        {slots.size >= MAX_LINES && ", the most that a chart has"}
      </p>
      <ListState list={list} />
      <Rows
        key={JSON.stringify(filter)}
        api={api}
        site={site}
        points={list.points}
        outdated={!list.current && !list.error}
        slots={slots}
        onToggle={onToggle}
        onEnd={list.addPage}
      />
    </section>
  );
}

function SearchField({ search, onSearch }: { search: string; onSearch: (search: string) => void }) {
  return (
    <input
      type="search"
      aria-label="Search points"
      placeholder="Search points"
      value={search}
      onInput={(event) => onSearch(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== "ArrowDown") return;
        event.preventDefault();
        event.currentTarget.closest(".picker")?.querySelector<HTMLElement>(".rows [tabindex='0']")?.focus();
      }}
    />
  );
}

type List = ReturnType<typeof usePointList>;

function matches({ error, current, points, complete }: List): string {
  if (error) return "Search failed";
  return current ? `${number(points.length)}${complete ? "" : "+"} found` : "Searching…";
}

/** The error of the list, or a hint when nothing matches. */
function ListState({ list: { error, current, points, reload } }: { list: List }) {
  if (error)
    return (
      <p class="failure" role="alert">
        {error.message} <Retry onRetry={reload} />
      </p>
    );
  if (!current || points.length) return null;
  return <p class="hint">No point matches every word and filter. Use fewer words or remove a filter.</p>;
}
