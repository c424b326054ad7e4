import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Store, useStore } from "../../store";
import { duration, percent, time, times } from "../../ui/format";
import { sentence } from "../../ui/states";
import { THEME_CHANGED } from "../../ui/theme";
import {
  type Chart,
  COLOURS,
  type GapSpan,
  type Line,
  lastOf,
  MAX_LINES,
  REASONS,
  type Reading,
  readAt,
} from "./data";
import { reading } from "./format";
import { type Axes, type Move, NARROW, Plot, type PlotEvents, type State } from "./plot";
import { FIRST, SECOND, type Span, sameSpan } from "./range";
import { symbol } from "./units";

type Hover = { time: number; left: number } | null;

type Props = {
  chart: Chart;
  axes: Axes;
  view: Span;
  /** `drawn` where the rows are those of the view, and not what was there before. */
  state: State;
  /** The address of the Coverage page. */
  coverage: string;
  onWidth: (width: number) => void;
  onRemove: (name: string) => void;
} & Omit<PlotEvents, "onHover" | "onPixels" | "onFailure">;

/** The lines, what they read where the pointer is, and the legend. */
export function ChartView({ onRemove, ...props }: Props) {
  const hover = useMemo(() => new Store<Hover>(null), []);
  return (
    <>
      <Figure {...props} hover={hover} />
      <Legend lines={props.chart.lines} axes={props.axes} hover={hover} onRemove={onRemove} />
    </>
  );
}

function Figure({
  chart,
  axes,
  view,
  state,
  coverage,
  onWidth,
  hover,
  ...events
}: Omit<Props, "onRemove"> & { hover: Store<Hover> }) {
  const host = useRef<HTMLElement>(null);
  const plot = useRef<Plot | undefined>(undefined);
  const begun = useRef<Move | undefined>(undefined);
  const latest = useRef(events);
  latest.current = events;
  const [failure, setFailure] = useState<unknown>();
  const theme = useTheme();
  const lines = JSON.stringify(chart.lines.map(({ name, unit, slot }) => [name, unit, slot]));
  const drawn = JSON.stringify([lines, axes, chart.banded]);

  const fail = (error: unknown) => {
    console.error(error);
    plot.current?.destroy();
    plot.current = undefined;
    hover.set(null);
    if (host.current) host.current.dataset.state = "failed";
    setFailure(error ?? "unknown error");
  };
  const make = (element: HTMLElement) => {
    const handlers: PlotEvents = {
      onView: (...moved) => latest.current.onView(...moved),
      onReset: () => latest.current.onReset(),
      onBack: () => latest.current.onBack(),
      onHover: (at) => hover.set(at),
      onPixels: () => renew.current(),
      onFailure: fail,
    };
    try {
      plot.current = new Plot(element, chart, axes, view, state, handlers, begun.current);
      plot.current.name(described(chart, view));
      setFailure(undefined);
    } catch (error) {
      fail(error);
    }
    begun.current = undefined;
  };
  const remove = () => {
    hover.set(null);
    begun.current = plot.current?.destroy();
    plot.current = undefined;
  };
  const renew = useRef(remove);
  renew.current = () => {
    remove();
    if (host.current) make(host.current);
  };

  useEffect(() => remove, [drawn, theme]);
  // A plot that failed is made anew with the next rows.
  useEffect(() => {
    if (plot.current) plot.current.show(chart, view, state);
    else if (host.current) make(host.current);
  }, [chart, view.from, view.to, state, drawn, theme]);
  useEffect(
    () => plot.current?.name(described(chart, view)),
    [chart, view.from, view.to, state, drawn, theme],
  );
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const watch = new ResizeObserver(() => {
      // What has left the document has no size; the chart keeps what it had.
      if (!element.clientWidth) return;
      plot.current?.size(element.clientWidth, element.clientHeight);
      onWidth(element.clientWidth);
    });
    watch.observe(element);
    return () => watch.disconnect();
  }, [onWidth]);

  return (
    <figure
      class="chart"
      ref={host}
      aria-busy={state === "loading" && failure === undefined}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the chart is moved by keys
      tabIndex={0}
      aria-label="Chart: arrow keys pan, plus and minus zoom, 0 goes back to the preset"
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        if (plot.current?.press(event.key)) event.preventDefault();
      }}
    >
      <Tooltip lines={chart.lines} hover={hover} host={host} />
      {failure !== undefined && <Failed error={failure} />}
      {state === "drawn" && !chart.rows && failure === undefined && (
        <Nothing gaps={chart.gaps} coverage={coverage} oldest={view.from === FIRST} />
      )}
    </figure>
  );
}

function Nothing({ gaps, coverage, oldest }: { gaps: GapSpan[]; coverage: string; oldest: boolean }) {
  const reasons = [...new Set(gaps.map(({ reason }) => REASONS[reason]))];
  return (
    <p class="nothing">
      <strong>No samples in this range{reasons.length > 0 && `: ${reasons.join(", ")}`}</strong>
      {oldest && "Nothing is stored from before 1990. "}Choose another range; <a href={coverage}>Coverage</a>{" "}
      shows which days have samples.
    </p>
  );
}

function Failed({ error }: { error: unknown }) {
  const message = error instanceof Error ? error.message : String(error);
  return (
    <p class="nothing" role="alert">
      <strong>The chart could not be drawn: {sentence(message)}</strong>
      Choose another range or other points; the values are in the download.
    </p>
  );
}

/** Counts changes of the colours, by the button or by the system. */
function useTheme(): number {
  const [round, next] = useState(0);
  useEffect(() => {
    const change = () => next((before) => before + 1);
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", change);
    addEventListener(THEME_CHANGED, change);
    return () => {
      system.removeEventListener("change", change);
      removeEventListener(THEME_CHANGED, change);
    };
  }, []);
  return round;
}

function described({ lines, gaps }: Chart, { from, to }: Span): string {
  const names = lines.map(({ label, unit }) => label + (unit && ` (${symbol(unit)})`)).join(", ");
  const missing = gaps.length ? `; ${gaps.length === 1 ? "one gap" : `${gaps.length} gaps`}` : "";
  return `Line chart of ${names}, ${times(from, to)}${missing}`;
}

/** The colour of a line, and its dash, as in the chart. */
function Swatch({ slot }: { slot: number }) {
  const dash = slot >= 2 * COLOURS ? "2 3" : slot >= COLOURS ? "6 3" : undefined;
  return (
    <svg class={`swatch ink-${slot % COLOURS}`} width="16" height="10" aria-hidden="true">
      <line x1="0" y1="5" x2="16" y2="5" stroke="currentColor" stroke-width="3" stroke-dasharray={dash} />
    </svg>
  );
}

function Tooltip({
  lines,
  hover,
  host,
}: {
  lines: Line[];
  hover: Store<Hover>;
  host: { current: HTMLElement | null };
}) {
  const at = useStore(hover);
  if (!at) return null;
  const found = lines.map((line) => readAt(line, at.time));
  const shared = sharedGap(found);
  const width = host.current?.clientWidth ?? 0;
  const right = at.left > width / 2;
  // Beside the pointer, or in the other half where there is no room beside it.
  const [edge, distance] =
    width < NARROW
      ? [right ? "left" : "right", 0]
      : right
        ? ["right", width - at.left + 12]
        : ["left", at.left + 12];
  return (
    <div class="tooltip" style={{ [edge as string]: `${distance}px` }} aria-hidden="true">
      <strong>{time(at.time, { seconds: true })}</strong>
      {shared ? (
        <div>
          <Missing gap={shared} />
        </div>
      ) : (
        <table>
          <tbody>
            {lines.map((line, place) => (
              <tr key={line.name}>
                <td>
                  <Swatch slot={line.slot} />
                </td>
                <td class="label">{line.label}</td>
                <td class="value">
                  <Value line={line} found={found[place] as Reading} long />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

/** The gap that all lines are in. */
function sharedGap([first, ...others]: Reading[]): GapSpan | undefined {
  if (first?.kind !== "gap") return undefined;
  const { gap } = first;
  const same = others.every(
    (other) => other.kind === "gap" && sameSpan(other.gap, gap) && other.gap.reason === gap.reason,
  );
  return same ? gap : undefined;
}

function Missing({ gap: { from, to, reason } }: { gap: GapSpan }) {
  return (
    <>
      <span class="gap">{REASONS[reason]}</span>
      <small>
        {times(from, to)} ({duration((to - from) / SECOND)})
      </small>
    </>
  );
}

function Value({ line, found, long = false }: { line: Line; found: Reading; long?: boolean }) {
  if (found.kind === "none") return <>–</>;
  if (found.kind === "gap")
    return long ? <Missing gap={found.gap} /> : <span class="gap">{REASONS[found.gap.reason]}</span>;
  const spread = long && found.low !== undefined && found.high !== undefined && found.low !== found.high;
  return (
    <>
      {reading(found.value)} <span class="unit">{symbol(line.unit)}</span>
      {spread && (
        <small>
          {reading(found.low as number)} – {reading(found.high as number)}
        </small>
      )}
    </>
  );
}

function Legend({
  lines,
  axes,
  hover,
  onRemove,
}: {
  lines: Line[];
  axes: Axes;
  hover: Store<Hover>;
  onRemove: (name: string) => void;
}) {
  const at = useStore(hover);
  const shown = new Set(axes.map(({ unit }) => unit));
  const plain = [...new Set(lines.map(({ unit }) => symbol(unit)))].filter((unit) => !shown.has(unit));
  return (
    <div class="legend">
      <table>
        <thead>
          <tr>
            <th scope="col">Point</th>
            <th scope="col" class="number">
              {at ? "At the cursor" : "Last"}
            </th>
            <th scope="col" class="number">
              Coverage
            </th>
            <th scope="col">
              <span class="visually-hidden">Remove</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.name}>
              <td title={line.name}>
                <Swatch slot={line.slot} /> {line.label}
              </td>
              <td class="number">
                <Value line={line} found={at ? readAt(line, at.time) : lastOf(line)} />
              </td>
              <td class="number">{line.expected ? percent(line.received, line.expected) : "–"}</td>
              <td>
                <button
                  type="button"
                  class="quiet remove"
                  aria-label={`Remove ${line.label}`}
                  onClick={() => onRemove(line.name)}
                >
                  ×
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {plain.length > 0 && (
        <small>
          No room for an axis of {plain.map((unit) => unit || "what has no unit").join(", ")}: read these
          lines' values here.
        </small>
      )}
      {lines.length >= MAX_LINES && <small>A chart shows {MAX_LINES} points at most.</small>}
    </div>
  );
}
