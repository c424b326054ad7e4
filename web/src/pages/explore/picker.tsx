import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Api } from "../../api/client";
import type { Point, Site, Tags } from "../../api/types";
import { number, time } from "../../ui/format";
import { type Loaded, useLoaded } from "../../ui/load";
import { COLOURS, MAX_LINES } from "./data";
import { glance, reading } from "./format";
import { type Last, useLatest, usePointList, useSettled } from "./points";
import { DAY, HOUR } from "./range";
import { symbol } from "./units";

const ROW = 46;
const OVERSCAN = 6;

type Props = { api: Api; site: Site; slots: ReadonlyMap<string, number>; onToggle: (point: Point) => void };

/** Finds points and chooses those that the chart shows. */
export function Picker({ api, site, slots, onToggle }: Props) {
  const [search, setSearch] = useState("");
  const [tags, setTags] = useState<string[]>([]);
  const [equipment, setEquipment] = useState("");
  const known = useLoaded(
    (signal) => api.get<Tags>(`/sites/${encodeURIComponent(site.site_name)}/tags`, {}, signal),
    [api, site.site_name],
  );
  const wanted = { search: useSettled(search), tags: equipment ? [...tags, `equip=${equipment}`] : tags };
  const list = usePointList(api, site.site_name, wanted);
  const filtered = wanted.search.trim() !== "" || wanted.tags.length > 0;
  return (
    <section class="picker" aria-label="Points">
      <input
        type="search"
        aria-label="Search points"
        placeholder="Search points"
        value={search}
        onInput={(event) => setSearch(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown") return;
          event.preventDefault();
          event.currentTarget.closest(".picker")?.querySelector<HTMLElement>(".rows [tabindex='0']")?.focus();
        }}
      />
      <Filters known={known} tags={tags} equipment={equipment} onTags={setTags} onEquipment={setEquipment} />
      <p class="found" aria-live="polite">
        {!filtered
          ? `${number(site.points)} points`
          : list.error
            ? "Not found out"
            : list.current
              ? `${number(list.points.length)}${list.complete ? "" : "+"} found`
              : "Searching…"}
        {slots.size > 0 && `, ${slots.size} shown`}
      </p>
      {list.error && (
        <p class="failure" role="alert">
          {list.error.message}{" "}
          <button type="button" class="quiet" onClick={list.again}>
            Try again
          </button>
        </p>
      )}
      {list.current && !list.error && !list.points.length && (
        <p class="hint">
          No point has all of this in its name, unit, device or tags. Use fewer words or remove a filter.
        </p>
      )}
      <Rows
        key={JSON.stringify(wanted)}
        api={api}
        site={site}
        points={list.points}
        slots={slots}
        onToggle={onToggle}
        onEnd={list.more}
      />
    </section>
  );
}

function Filters({
  known,
  tags,
  equipment,
  onTags,
  onEquipment,
}: {
  known: Loaded<Tags>;
  tags: string[];
  equipment: string;
  onTags: (tags: string[]) => void;
  onEquipment: (equipment: string) => void;
}) {
  const [typed, setTyped] = useState("");
  const all = known.value?.tags ?? [];
  const add = (tag: string) => {
    setTyped("");
    if (tag && !tags.includes(tag)) onTags([...tags, tag]);
  };
  return (
    <>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          add(typed.trim());
        }}
      >
        <input
          aria-label="Filter by tag"
          placeholder="Tag"
          list="known-tags"
          autocomplete="off"
          value={typed}
          onInput={(event) => {
            const { value } = event.currentTarget;
            // What is chosen from the list comes at once; what is typed waits for Enter.
            const chosen = !(event instanceof InputEvent) || event.inputType === "insertReplacementText";
            if (chosen && all.some(({ tag }) => tag === value)) add(value);
            else setTyped(value);
          }}
        />
        <datalist id="known-tags">
          {all.map(({ tag, points }) => (
            <option key={tag} value={tag} label={`${tag} (${points})`} />
          ))}
        </datalist>
        <select
          aria-label="Filter by equipment"
          value={equipment}
          disabled={!known.value?.equipment.length}
          onChange={(event) => onEquipment(event.currentTarget.value)}
        >
          <option value="">Any equipment</option>
          {known.value?.equipment.map((one) => (
            <option key={one.equipment} value={one.equipment}>
              {one.equipment} ({one.points})
            </option>
          ))}
        </select>
      </form>
      {(tags.length > 0 || equipment) && (
        <ul class="chips" aria-label="Filters">
          {tags.map((tag) => (
            <Chip key={tag} text={tag} onRemove={() => onTags(tags.filter((other) => other !== tag))} />
          ))}
          {equipment && <Chip text={equipment} onRemove={() => onEquipment("")} />}
        </ul>
      )}
      {known.error && (
        <p class="hint">
          Tags could not be loaded: {known.error.message}{" "}
          <button type="button" class="quiet" onClick={known.again}>
            Try again
          </button>
        </p>
      )}
    </>
  );
}

function Chip({ text, onRemove }: { text: string; onRemove: () => void }) {
  return (
    <li>
      <button type="button" class="chip" aria-label={`Remove the filter ${text}`} onClick={onRemove}>
        {text} <span aria-hidden="true">×</span>
      </button>
    </li>
  );
}

/** The list, of which only the rows on view are in the document. */
function Rows({
  api,
  site,
  points,
  slots,
  onToggle,
  onEnd,
}: {
  api: Api;
  site: Site;
  points: Point[];
  slots: ReadonlyMap<string, number>;
  onToggle: (point: Point) => void;
  onEnd: () => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const [active, setActive] = useState(0);
  const focusing = useRef(false);
  const look = () => {
    const element = box.current;
    if (element) setView({ top: element.scrollTop, height: element.clientHeight });
  };
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const watch = new ResizeObserver(look);
    watch.observe(element);
    return () => watch.disconnect();
  }, []);

  const first = Math.max(0, Math.floor(view.top / ROW) - OVERSCAN);
  const last = Math.min(points.length, Math.ceil((view.top + view.height) / ROW) + OVERSCAN);
  const shown = [...points.keys()].slice(first, last);
  if (points[active] && !shown.includes(active)) shown.push(active);
  useEffect(() => {
    if (last + 4 * OVERSCAN >= points.length) onEnd();
  }, [last, points.length, onEnd]);
  const latest = useLatest(
    api,
    site.site_name,
    points.slice(first, last).map((point) => point.point_name),
  );

  // At once: the next key may come before the next frame.
  useLayoutEffect(() => {
    if (!focusing.current) return;
    focusing.current = false;
    box.current?.querySelector<HTMLElement>(`[data-row="${active}"] input`)?.focus();
  }, [active]);
  const goTo = (row: number) => {
    const element = box.current;
    if (!element || !points.length) return;
    const next = Math.max(0, Math.min(points.length - 1, row));
    focusing.current = true;
    setActive(next);
    element.scrollTop = Math.max(
      (next + 1) * ROW - element.clientHeight,
      Math.min(element.scrollTop, next * ROW),
    );
  };
  const page = Math.max(1, Math.floor(view.height / ROW) - 1);
  const keys: Record<string, () => void> = {
    ArrowDown: () => goTo(active + 1),
    ArrowUp: () => goTo(active - 1),
    PageDown: () => goTo(active + page),
    PageUp: () => goTo(active - page),
    Home: () => goTo(0),
    End: () => goTo(points.length - 1),
    Enter: () => {
      const point = points[active];
      if (point) onToggle(point);
    },
  };
  return (
    <>
      {latest.error && <p class="hint">Last values could not be loaded: {latest.error.message}</p>}
      <div class="rows" ref={box} onScroll={look}>
        <ul
          style={{ height: `${points.length * ROW}px` }}
          onKeyDown={(event) => {
            const act = keys[event.key];
            if (!act) return;
            event.preventDefault();
            act();
          }}
        >
          {shown.map((row) => {
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

function Row({
  row,
  point,
  slot,
  full,
  last,
  active,
  onFocus,
  onToggle,
}: {
  row: number;
  point: Point;
  slot: number | undefined;
  full: boolean;
  last: Last | undefined;
  active: boolean;
  onFocus: () => void;
  onToggle: () => void;
}) {
  const chosen = slot !== undefined;
  return (
    <li data-row={row} style={{ top: `${row * ROW}px`, height: `${ROW}px` }}>
      <label title={point.point_name}>
        <input
          type="checkbox"
          class={chosen ? `ink-${slot % COLOURS}` : ""}
          checked={chosen}
          disabled={full && !chosen}
          tabIndex={active ? 0 : -1}
          aria-label={point.display_name}
          onFocus={onFocus}
          onChange={onToggle}
        />
        <span class="names">
          <span>{point.display_name}</span>
          <small>
            <bdi>{point.point_name}</bdi>
          </small>
        </span>
        <LastValue last={last} unit={symbol(point.unit)} />
      </label>
    </li>
  );
}

function LastValue({ last, unit }: { last: Last | undefined; unit: string }) {
  if (last === undefined) return <span class="last muted">{unit}</span>;
  if (last.value === null) {
    const { seen } = last;
    if (seen === null) return <span class="last muted">no value</span>;
    return (
      <span class="last muted" title={`No value in the last 24 hours; last seen ${time(seen)}`}>
        seen {number(Math.max(1, Math.floor((Date.now() - seen) / DAY)))} d ago
      </span>
    );
  }
  const old = Date.now() - last.timestamp > HOUR;
  return (
    <span
      class={old ? "last muted" : "last"}
      title={`${reading(last.value)} ${unit}, ${time(last.timestamp)}`}
    >
      {glance(last.value)} <span class="unit">{unit}</span>
    </span>
  );
}
