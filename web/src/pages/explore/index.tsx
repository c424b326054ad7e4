import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Point, QueryAnswer } from "../../api/types";
import type { PageProps } from "../../app";
import { formatRoute, go } from "../../route";
import { useEvery, useLoaded } from "../../ui/load";
import { advice, Empty, Failure, Loading } from "../../ui/states";
import { askLines } from "./ask";
import { ChartView } from "./chart";
import { axesOf, type Chosen, chartOf, coverageOf, type Line, MAX_LINES, slotsOf } from "./data";
import { Download } from "./download-button";
import { count, money, percent, zone } from "./format";
import { Picker } from "./picker";
import { plotWidth } from "./plot";
import { useNamed } from "./points";
import {
  DEFAULT,
  formatRange,
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
import "./explore.css";

const NARROW = 560;

/** Charts of points that were chosen; what is shown is in the address and nowhere else. */
export function Explore({ api, site, route }: PageProps) {
  const points = useKept(route.parameters.getAll("point").slice(0, MAX_LINES));
  const range = useKept(parseRange(route.parameters));
  const span = useSpan(range);
  const preset = useRef<Preset>(DEFAULT);
  if (isLive(range)) preset.current = range;
  const before = useRef<Range[]>([]);

  const show = useCallback(
    (next: { points?: string[]; range?: Range }, options: { replace?: boolean } = {}) => {
      const parameters = new URLSearchParams([
        ...(next.points ?? points).map((name) => ["point", name]),
        ...formatRange(next.range ?? range),
      ]);
      go({ page: "explore", site: site.site_name, parameters }, options);
    },
    [points, range, site.site_name],
  );
  const link = useMemo(() => {
    const parameters = new URLSearchParams([...points.map((name) => ["point", name]), ...formatRange(range)]);
    return new URL(formatRoute({ page: "explore", site: site.site_name, parameters }), location.href).href;
  }, [points, range, site.site_name]);

  const known = useRef(new Map<string, Point>()).current;
  const named = useNamed(api, site.site_name, points, known);
  const slots = useSlots(points);
  const chosen = useMemo(
    () => points.map((name): Chosen => chosenOf(name, known.get(name), slots.get(name) ?? 0)),
    [points, slots, named],
  );
  const [width, setWidth] = useState(0);
  const axes = useMemo(() => axesOf(chosen, width < NARROW ? 2 : 4), [chosen, width < NARROW]);
  const columns = width && named && points.length ? plotWidth(width, axes) : 0;
  const answer = useLoaded<{ of: QueryAnswer; span: Span; points: string[] } | undefined>(
    async (signal) =>
      columns
        ? { of: await askLines(api, site.site_name, points, span, columns, signal), span, points }
        : undefined,
    [api, site.site_name, points, span, columns],
  );
  const found = answer.value;
  const chart = useMemo(() => chartOf(chosen, found?.of, found?.span ?? span), [chosen, found]);
  const fresh = !answer.loading && !answer.error && found?.points === points && sameSpan(found.span, span);

  const toggle = (point: Point) => {
    known.set(point.point_name, point);
    const name = point.point_name;
    show({ points: points.includes(name) ? points.filter((other) => other !== name) : [...points, name] });
  };
  const [open, setOpen] = useState(!points.length);

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
        <Picker api={api} site={site} slots={slots} onToggle={toggle} />
      </div>
      <div class="view">
        <h1 class="visually-hidden">{site.display_name || site.site_name}</h1>
        <div class="tools">
          <RangeBar
            range={range}
            span={span}
            preset={preset.current}
            onRange={(next) => show({ range: next })}
          />
          <span class="spacer" />
          {points.length > 0 && (
            <>
              <CopyLink link={link} />
              <Download
                api={api}
                site={site.site_name}
                points={points}
                intervals={points.map((name) => known.get(name)?.interval_seconds ?? null)}
                span={span}
              />
            </>
          )}
        </div>
        <Warnings texts={found?.points.length && points.length ? found.of.warnings : []} />
        {answer.error && found && (
          <p class="notice failure" role="alert">
            {answer.error.message}. {advice(answer.error)}{" "}
            <button type="button" class="quiet" onClick={answer.again}>
              Try again
            </button>
          </p>
        )}
        {!points.length ? (
          <Start
            api={api}
            site={site.site_name}
            onStart={(start) => {
              for (const point of start) known.set(point.point_name, point);
              show({ points: start.map((point) => point.point_name) });
            }}
          />
        ) : answer.error && !found ? (
          <Failure error={answer.error} again={answer.again} />
        ) : (
          <>
            <ChartView
              chart={chart}
              axes={axes}
              view={span}
              fresh={fresh}
              failed={answer.error !== undefined}
              onWidth={setWidth}
              onRemove={(name) => show({ points: points.filter((other) => other !== name) })}
              onView={(next, kind) => {
                if (kind === "zoom") before.current.push(range);
                show({ range: next }, { replace: kind === "pan" });
              }}
              onReset={() => show({ range: preset.current })}
              onBack={() => show({ range: before.current.pop() ?? preset.current })}
            />
            {found ? <Told answer={found.of} lines={chart.lines} /> : <Loading what="samples" />}
          </>
        )}
      </div>
    </div>
  );
}

function chosenOf(name: string, point: Point | undefined, slot: number): Chosen {
  return { name, label: point?.display_name || name, unit: point?.unit ?? "", slot };
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
  const [now, setNow] = useState(Date.now());
  const tick = useCallback(() => setNow(Date.now()), []);
  useEvery(isLive(range) ? refreshMs(range) : 60_000, tick, isLive(range));
  useEffect(() => {
    tick();
    const seen = () => document.hidden || tick();
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, [range, tick]);
  return useKept(spanOf(range, now));
}

function Warnings({ texts }: { texts: string[] }) {
  const most = 3;
  if (!texts.length) return null;
  return (
    <ul class="notice warnings" role="status">
      {texts.slice(0, most).map((text) => (
        <li key={text}>{text}</li>
      ))}
      {texts.length > most && <li>and {count(texts.length - most)} more like these</li>}
    </ul>
  );
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
    `Read ${count(metadata.samples_read)} samples, drew ${count(metadata.samples_returned)}`,
    RESOLUTIONS[answer.resolution],
    metadata.sources.map((source) => SOURCES[source]).join(" + "),
    covered && `${percent(covered.received, covered.expected)} covered`,
    `${Math.round(metadata.query_time_ms)} ms${metadata.cache_hit ? " from the cache" : ""}`,
    money(metadata.cost.micro_dollars),
    `times in ${zone}`,
  ];
  return <p class="told">{parts.filter(Boolean).join(" · ")}</p>;
}
