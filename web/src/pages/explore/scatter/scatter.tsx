import type { ComponentChildren } from "preact";
import { useCallback, useContext, useEffect, useMemo, useRef } from "preact/hooks";
import type { Api } from "../../../api/client";
import type { Point } from "../../../api/types";
import { useStore } from "../../../store";
import { Empty, Failure, Loading } from "../../../ui/states";
import { AnswerSummary } from "../answer-summary";
import { type Theme, useInks } from "../canvas/use-inks";
import type { Span } from "../range/range";
import { MarkedStore } from "../tabs/marked";
import { stateColour } from "../tabs/state";
import { symbol } from "../units";
import type { View } from "../use-view";
import { Warnings } from "../warnings";
import { type Colouring, hourColours, statesOf } from "./colours";
import { HourLegend, ScatterControls, StateLegend } from "./controls";
import { ScatterFigure } from "./figure";
import { fitOf } from "./fit";
import { FitFacts } from "./fit-facts";
import { type Box, inside, spansOf } from "./marks";
import { type Pairs, swapped } from "./pairs";
import { Timeline } from "./timeline";
import { type PairsLoaded, usePairs } from "./use-pairs";
import "./scatter.css";

type Props = { api: Api; site: string; view: View; points: Point[] };

/** The first two selected points against each other, with their line of least squares. */
export function ScatterView(props: Props) {
  const [first, second] = props.points;
  if (!first || !second)
    return (
      <Empty title="A scatter needs two points">
        Select two points: the first is the x axis, the second the y axis.
      </Empty>
    );
  return <TwoPoints {...props} first={first} second={second} />;
}

function TwoPoints({ api, site, view, points, first, second }: Props & { first: Point; second: Point }) {
  const binary = points.filter((point) => point.kind === "binary" && point !== first && point !== second);
  const state = binary.find(({ point_name }) => stateColour(point_name) === view.tabs.colour);
  const loaded = usePairs(api, site, [first, second], state, view.span);
  const { value, error } = loaded;
  const colour = view.tabs.colour === "plain" || state ? view.tabs.colour : "hour";
  const controls = (
    <ScatterControls
      colour={colour}
      binary={binary}
      onColour={(next) => view.showTabs({ colour: next })}
      onSwap={() => view.showTabs({ swapped: !view.tabs.swapped })}
    />
  );
  const axes: [Point, Point] = view.tabs.swapped ? [second, first] : [first, second];
  if (error && !value) return <Failure error={error} onRetry={loaded.reload} />;
  if (!value) return <Loading subject="pairs" />;
  return (
    <>
      <Warnings texts={value.answer.warnings} />
      <Drawing {...{ loaded: value, busy: loaded.loading, view, axes, colour, controls }} />
      <AnswerSummary answer={value.answer} samples={undefined} lines={[]} />
    </>
  );
}

type DrawingProps = {
  loaded: PairsLoaded;
  busy: boolean;
  view: View;
  axes: [Point, Point];
  colour: string;
  controls: ComponentChildren;
};

function Drawing({ loaded, busy, view, axes: [x, y], colour, controls }: DrawingProps) {
  const turned = view.tabs.swapped;
  const pairs = useMemo(() => (turned ? swapped(loaded.pairs) : loaded.pairs), [loaded, turned]);
  const units = (turned ? [...loaded.units].reverse() : loaded.units) as [string, string];
  const fit = useMemo(() => (turned ? fitOf(pairs.x, pairs.y) : loaded.fit), [pairs]);
  const colouring = useColouring(loaded, colour);
  const { box, spans, marks, mark } = useMarks(pairs, JSON.stringify([x.point_name, y.point_name]));
  const host = useRef<HTMLDivElement>(null);
  const theme = useInks(host);
  return (
    <>
      <div class="view-bar" ref={host}>
        {controls}
        {theme && (colour === "hour" ? <HourLegend theme={theme} /> : null)}
        {theme && loaded.states && <StateLegend colours={colouring(theme).colours} />}
        <FitFacts fit={fit} units={units} buckets={loaded.buckets} />
      </div>
      <p class="axis-name y">{nameOf(y, units[1])}</p>
      <ScatterFigure
        pairs={pairs}
        fit={fit}
        label={`Scatter of ${nameOf(y, units[1])} against ${nameOf(x, units[0])}`}
        colouring={colouring}
        box={box}
        onBox={mark}
        busy={busy}
      />
      <p class="axis-name x">{nameOf(x, units[0])}</p>
      <Timeline span={view.span} spans={spans} pairs={marks} onClear={() => mark(undefined)} />
    </>
  );
}

function nameOf({ display_name, point_name }: Point, unit: string): string {
  return (display_name || point_name) + (symbol(unit) && ` (${symbol(unit)})`);
}

/** Returns the colours of the dots by theme; the function is stable while they stay the same. */
function useColouring({ pairs, states, hours }: PairsLoaded, colour: string) {
  return useCallback(
    ({ inks, dark }: Theme): Colouring => {
      const { lines, text } = inks;
      if (states)
        return { colours: [lines[0], lines[1], text] as string[], indexes: statesOf(pairs.times, states) };
      if (colour === "plain") return { colours: lines, indexes: [] };
      return { colours: hourColours(dark), indexes: hours };
    },
    [pairs, states, hours, colour],
  );
}

/** Returns the marked pairs of two axes, and a function that marks those in a box. */
function useMarks(pairs: Pairs, points: string) {
  const store = useContext(MarkedStore);
  const marked = useStore(store);
  const box = marked?.points === points ? marked.box : undefined;
  const rows = useMemo(() => (box ? inside(pairs, box) : []), [pairs, box]);
  const mark = (next: Box | undefined) =>
    store.set(next ? { points, box: next, spans: spansIn(pairs, next) } : null);
  useEffect(() => {
    // Not the value of this render: a key may have come after it.
    const current = store.get();
    if (current?.points === points) mark(current.box);
    else if (current) store.set(null);
  }, [pairs, points]);
  return { box, spans: (box && marked?.spans) ?? NO_SPANS, marks: box && rows.length, mark };
}

const NO_SPANS: Span[] = [];

function spansIn(pairs: Pairs, box: Box): Span[] {
  return spansOf(inside(pairs, box).map((row) => pairs.times[row] as number));
}
