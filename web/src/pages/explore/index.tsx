import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Api } from "../../api/client";
import type { Point, QueryAnswer } from "../../api/types";
import { formatRoute, go, type Route } from "../../route";
import { dollars, number, percent, zone } from "../../ui/format";
import { link } from "../../ui/link";
import { useEvery, useLoaded } from "../../ui/load";
import { Notice } from "../../ui/notice";
import { advice, Empty, Failure } from "../../ui/states";
import type { PageProps } from "../page-props";
import { askLines } from "./ask";
import { ChartView } from "./chart";
import { axesOf, type Chosen, chartOf, coverageOf, type Line, MAX_LINES, slotsOf } from "./data";
import { Download } from "./download-button";
import { Picker } from "./picker";
import { NARROW, plotWidth, type State } from "./plot";
import { useNamed } from "./points";
import {
  DEFAULT,
  formatRange,
  HOUR,
  isLive,
  type Preset,
  parseRange,
  type Range,
  refreshMs,
  type Span,
  sameSpan,
  spanOf,
} from "./range";
import { CopyLink, RangeBar } from "./range-bar";
import { Start } from "./start";
import { Warnings } from "./warnings";
import "./explore.css";

/** Charts of points that were chosen; what is shown is in the address and nowhere else. */
export function Explore({ api, site, route }: PageProps) {
  const points = useKept(namesOf(route.parameters));
  const range = useKept(parseRange(route.parameters));
  const span = useSpan(range);
  const preset = useRef<Preset>(DEFAULT);
  if (isLive(range)) preset.current = range;
  const before = useRef<Range[]>([]);
  const [open, setOpen] = useState(!points.length);
  const lines = useLines(api, site.site_name, points, span);
  const { found, error, known } = lines;

  const at = (next: { points?: string[]; range?: Range } = {}): Route => ({
    page: "explore",
    site: site.site_name,
    parameters: new URLSearchParams([
      ...(next.points ?? points).map((name) => ["point", name]),
      ...formatRange(next.range ?? range),
    ]),
  });
  const showRange = (next: Range) => go(at({ range: next }));
  const remove = (name: string) => go(at({ points: points.filter((other) => other !== name) }));
  const add = (more: Point[]) => {
    for (const point of more) known.set(point.point_name, point);
    go(at({ points: [...points, ...more.map((point) => point.point_name)] }));
  };

  if (!site.points)
    return (
      <Empty title="This site has no points yet">
        They appear after its first sync, within minutes. The Status page shows how far it is.
      </Empty>
    );
  return (
    <div class="explore">
      <div class={open ? "side open" : "side"}>
        <button type="button" class="unfold" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Hide points" : "Choose points"}
        </button>
        <Picker
          api={api}
          site={site}
          slots={lines.slots}
          onToggle={(point) => (points.includes(point.point_name) ? remove(point.point_name) : add([point]))}
        />
      </div>
      <div class="view">
        <h1 class="visually-hidden">{site.display_name || site.site_name}</h1>
        <div class="tools">
          <RangeBar range={range} span={span} preset={preset.current} onRange={showRange} />
          {points.length > 0 && (
            <div class="share">
              <CopyLink link={new URL(formatRoute(at()), location.href).href} />
              <Download
                api={api}
                site={site.site_name}
                points={points}
                intervals={points.map((name) => known.get(name)?.interval_seconds ?? null)}
                span={span}
              />
            </div>
          )}
        </div>
        <Warnings texts={points.length && found ? found.warnings : []} />
        {error && found && (
          <Notice error={error}>
            {advice(error)}{" "}
            <button type="button" class="quiet" onClick={lines.again}>
              Try again
            </button>
          </Notice>
        )}
        {!points.length ? (
          <Start api={api} site={site.site_name} onStart={add} />
        ) : error && !found ? (
          <>
            <Failure error={error} again={lines.again} />
            <p class="clear">
              <a href={formatRoute(at({ points: [] }))}>Choose other points</a>
            </p>
          </>
        ) : (
          <>
            <ChartView
              chart={lines.chart}
              axes={lines.axes}
              view={span}
              state={lines.state}
              coverage={link("coverage", site.site_name)}
              onWidth={lines.setWidth}
              onRemove={remove}
              onView={(next, kind) => {
                if (kind === "zoom") before.current.push(range);
                go(at({ range: next }), { replace: kind === "pan" });
              }}
              onReset={() => showRange(preset.current)}
              onBack={() => showRange(lastOther(before.current, range) ?? preset.current)}
            />
            {found ? <Told answer={found} lines={lines.chart.lines} /> : <p class="told">Reading…</p>}
          </>
        )}
      </div>
    </div>
  );
}

/** The points that an address names, each once. */
function namesOf(parameters: URLSearchParams): string[] {
  return [...new Set(parameters.getAll("point"))].filter(Boolean).slice(0, MAX_LINES);
}

/** The lines of some points in a span, asked for at the chart's width once that is known. */
function useLines(api: Api, site: string, points: string[], span: Span) {
  const known = useRef(new Map<string, Point>()).current;
  const named = useNamed(api, site, points, known);
  const slots = useSlots(points);
  const chosen = useMemo(
    () => points.map((name): Chosen => chosenOf(name, known.get(name), slots.get(name) ?? 0)),
    [points, slots, named.value],
  );
  const [width, setWidth] = useState(0);
  const axes = useMemo(() => axesOf(chosen, width < NARROW ? 2 : 4), [chosen, width < NARROW]);
  const columns = width && named.value && points.length ? plotWidth(width, axes) : 0;
  const answer = useLoaded<{ of: QueryAnswer; span: Span; points: string[] } | undefined>(
    async (signal) =>
      columns ? { of: await askLines(api, site, points, span, columns, signal), span, points } : undefined,
    [api, site, points, span, columns],
  );
  const found = answer.value;
  const chart = useMemo(() => chartOf(chosen, found?.of, found?.span ?? span), [chosen, found]);
  const error = named.error ?? answer.error;
  const busy = named.loading || answer.loading;
  const fresh = found?.points === points && sameSpan(found.span, span);
  const state: State = busy ? "loading" : error ? "failed" : fresh ? "drawn" : "loading";
  const again = () => {
    named.again();
    answer.again();
  };
  return { known, slots, axes, chart, found: found?.of, error, state, again, setWidth };
}

function chosenOf(name: string, point: Point | undefined, slot: number): Chosen {
  return { name, label: point?.display_name || name, unit: point?.unit ?? "", slot };
}

/** The last of the ranges before that is another one; what comes after it is forgotten. */
function lastOther(before: Range[], range: Range): Range | undefined {
  for (let last = before.pop(); last; last = before.pop()) {
    if (JSON.stringify(last) !== JSON.stringify(range)) return last;
  }
  return undefined;
}

/** The value of before while the new one says the same. */
function useKept<T>(value: T): T {
  const kept = useRef(value);
  if (JSON.stringify(kept.current) !== JSON.stringify(value)) kept.current = value;
  return kept.current;
}

function useSlots(points: string[]): ReadonlyMap<string, number> {
  const before = useRef<ReadonlyMap<string, number>>(new Map());
  return useMemo(() => {
    before.current = slotsOf(points, before.current);
    return before.current;
  }, [points]);
}

/** The span of a range, which moves on while the range is live and the page can be seen. */
function useSpan(range: Range): Span {
  const [round, next] = useState(0);
  const tick = useCallback(() => next((before) => before + 1), []);
  useEvery(isLive(range) ? refreshMs(range) : HOUR, tick, isLive(range));
  useEffect(() => {
    const seen = () => document.hidden || tick();
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, [tick]);
  return useKept(useMemo(() => spanOf(range, Date.now()), [range, round]));
}

const RESOLUTIONS = {
  raw: "raw samples",
  "5m": "5-minute values",
  "1h": "hourly values",
  "1d": "daily values",
};
const SOURCES = { hot: "hot tier", rollup: "rollups", archive: "archive", athena: "Athena" };

/** What the answer read, covered and cost, in one line. */
function Told({ answer, lines }: { answer: QueryAnswer; lines: Line[] }) {
  const { metadata } = answer;
  const covered = coverageOf(lines);
  const parts = [
    `Read ${number(metadata.samples_read)} samples, drew ${number(metadata.samples_returned)}`,
    RESOLUTIONS[answer.resolution],
    metadata.sources.map((source) => SOURCES[source]).join(" + "),
    covered && `${percent(covered.received, covered.expected)} covered`,
    `${Math.round(metadata.query_time_ms)} ms${metadata.cache_hit ? " from the cache" : ""}`,
    dollars(metadata.cost.micro_dollars / 1e6),
    `times in ${zone(Date.now())}`,
  ];
  return <p class="told">{parts.filter(Boolean).join(" · ")}</p>;
}
