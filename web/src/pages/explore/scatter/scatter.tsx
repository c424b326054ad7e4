import type { ComponentChildren } from "preact";
import { useCallback, useContext, useEffect, useMemo, useRef } from "preact/hooks";
import type { Api } from "../../../api/client";
import type { Point } from "../../../api/types";
import { useStore } from "../../../store";
import { LoadedContent } from "../../../ui/loaded-content";
import { Empty } from "../../../ui/states";
import { AnswerSummary } from "../answer-summary";
import { type Theme, useInks } from "../canvas/use-inks";
import { pairedMeasure } from "../points/kind";
import { pointTitle } from "../points/title";
import type { Span } from "../range/range";
import { MarkedStore } from "../tabs/marked";
import { stateColour } from "../tabs/state";
import { symbol } from "../units";
import type { View } from "../use-view";
import { Warnings } from "../warnings";
import { pointsOfAxes, withAxis } from "./axes";
import { type Colouring, hourColours, statesOf } from "./colours";
import { HourLegend, ScatterControls, StateLegend } from "./controls";
import { ScatterFigure } from "./figure";
import { type Fit, fitOf } from "./fit";
import { FitFacts } from "./fit-facts";
import { type Box, inside, spansOf } from "./marks";
import { type Pairs, swapped } from "./pairs";
import { Timeline } from "./timeline";
import { type PairsLoaded, usePairs } from "./use-pairs";
import "./scatter.css";

type Props = { api: Api; site: string; view: View; points: Point[] };

/** Two of the selected points against each other, with their line of least squares. */
export function ScatterView(props: Props) {
  const pair = pointsOfAxes(props.points, props.view.tabs);
  if (!pair)
    return (
      <Empty title="A scatter needs two points">
        Select two points: the first is the x axis, the second the y axis.
      </Empty>
    );
  return <TwoPoints {...props} pair={pair} />;
}

function TwoPoints({ api, site, view, points, pair }: Props & { pair: [Point, Point] }) {
  const { tabs, showTabs } = view;
  const binary = points.filter((point) => point.kind === "binary" && !pair.includes(point));
  const state = binary.find(({ point_name }) => stateColour(point_name) === tabs.colour);
  const loaded = usePairs(api, site, pair, state, view);
  const colour = tabs.colour === "plain" || state ? tabs.colour : "hour";
  const picture = useDrawing(loaded.value, tabs.swapped, colour);
  const axes: [Point, Point] = tabs.swapped ? [pair[1], pair[0]] : pair;
  return (
    <>
      <Bar picture={picture} colour={colour}>
        <ScatterControls
          {...{ points, axes, colour, binary }}
          onColour={(next) => showTabs({ colour: next })}
          onAxis={(axis, name) => showTabs(withAxis(axes, axis, name, tabs.swapped))}
          onSwap={() => showTabs({ swapped: !tabs.swapped })}
        />
      </Bar>
      <LoadedContent loaded={loaded} subject="pairs">
        {({ answer }) => (
          <>
            <Warnings texts={answer.warnings} />
            {picture && <Drawing picture={picture} axes={axes} busy={loaded.loading} />}
            <AnswerSummary answer={answer} samples={undefined} lines={[]} />
          </>
        )}
      </LoadedContent>
    </>
  );
}

type BarProps = { picture: Picture | undefined; colour: string; children: ComponentChildren };

/** The controls, with the key of the colours and the numbers of the fit. */
function Bar({ picture, colour, children }: BarProps) {
  const host = useRef<HTMLDivElement>(null);
  const theme = useInks(host);
  return (
    <div class="view-bar" ref={host}>
      {children}
      {theme && picture && colour === "hour" && <HourLegend theme={theme} />}
      {theme && picture?.hasStates && <StateLegend colours={picture.colouring(theme).colours} />}
      {picture && <FitFacts fit={picture.fit} units={picture.units} buckets={picture.buckets} />}
    </div>
  );
}

type DrawingProps = { picture: Picture; axes: [Point, Point]; busy: boolean };

function Drawing({ picture, axes: [x, y], busy }: DrawingProps) {
  const { pairs, fit, colouring, span } = picture;
  const [xName, yName] = [nameOf(x, picture.units[0]), nameOf(y, picture.units[1])];
  const { box, spans, marks, mark } = useMarks(pairs, JSON.stringify([x.point_name, y.point_name]));
  return (
    <>
      <p class="axis-name y">{yName}</p>
      <ScatterFigure
        {...{ pairs, fit, colouring, box, busy }}
        label={`Scatter of ${yName} against ${xName}`}
        onBox={mark}
      />
      <p class="axis-name x">{xName}</p>
      <Timeline span={span} spans={spans} pairs={marks} onClear={() => mark(undefined)} />
    </>
  );
}

function nameOf(point: Point, unit: string): string {
  const title = pairedMeasure(point) === "increase" ? `Increase of ${pointTitle(point)}` : pointTitle(point);
  return title + (symbol(unit) && ` (${symbol(unit)})`);
}

type Picture = {
  pairs: Pairs;
  fit: Fit;
  units: [x: string, y: string];
  buckets: number;
  span: Span;
  colouring: (theme: Theme) => Colouring;
  hasStates: boolean;
};

/** Returns what is drawn of the pairs; its parts are stable while they stay the same. */
function useDrawing(loaded: PairsLoaded | undefined, turned: boolean, colour: string): Picture | undefined {
  const picture = useMemo(() => {
    if (!loaded || !turned) return loaded;
    const pairs = swapped(loaded.pairs);
    const [x, y] = loaded.units;
    return { ...loaded, pairs, fit: fitOf(pairs.x, pairs.y), units: [y, x] as [string, string] };
  }, [loaded, turned]);
  const colouring = useColouring(picture, colour);
  return picture && { ...picture, colouring, hasStates: statesFor(picture, colour) !== undefined };
}

/** Returns the states that a colour is of; undefined until they are loaded. */
function statesFor({ states }: PairsLoaded, colour: string) {
  return states && stateColour(states.name) === colour ? states : undefined;
}

/** Returns the colours of the dots by theme. */
function useColouring(picture: PairsLoaded | undefined, colour: string) {
  return useCallback(
    ({ inks, dark }: Theme): Colouring => {
      const { lines, text } = inks;
      const states = picture && statesFor(picture, colour);
      if (states)
        return {
          colours: [lines[0], lines[1], text] as string[],
          indexes: statesOf(picture.pairs.times, states),
        };
      if (colour === "hour" && picture) return { colours: hourColours(dark), indexes: picture.hours };
      return { colours: lines, indexes: [] };
    },
    [picture, colour],
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
