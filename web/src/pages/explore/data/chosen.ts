// The selected points as a chart draws them.

import type { Point, Series } from "../../../api/types";
import { type Versus, versusTitle } from "../compare/versus";
import { isTotal } from "../measure/measures";
import type { Plan } from "../measure/plan";
import { bucketMeasure, drawOf, holdOf, statesOf } from "../points/kind";
import { unlisted } from "../points/lookup";
import type { Span } from "../range/range";
import type { Chosen } from "./line";
import type { MergedAnswer } from "./pages";

const COMPARED = "\u0000compared";

/** Returns the lines of points; a point that is not loaded yet has only its name. */
export function chosenLines(
  names: readonly string[],
  points: ReadonlyMap<string, Point>,
  slots: ReadonlyMap<string, number>,
  { measured, measure }: Plan,
  answer: MergedAnswer | undefined,
): Chosen[] {
  const units = new Map(answer?.series.map((series) => [series.point_name, series.unit]));
  return names.map((name) => {
    const point = points.get(name) ?? unlisted(name);
    const drawMeasured = isTotal(measure) ? "bars" : "line";
    return {
      name,
      label: point.display_name || name,
      unit: units.get(name) ?? point.unit,
      slot: slots.get(name) ?? 0,
      draw: measured.includes(name) ? drawMeasured : drawOf(point),
      aggregate: bucketMeasure(point),
      states: statesOf(point),
      hold: holdOf(point),
      compared: false,
    };
  });
}

/** What was asked of lines that are drawn. */
type Drawn = { plan: Plan; span: Span; timeZone: string };

/** Returns lines with those of the compared range, which come first and are drawn behind. */
export function withCompared(
  lines: Chosen[],
  compared: readonly Series[],
  versus: Versus | undefined,
  { plan: { bucket, measured }, span, timeZone }: Drawn,
): Chosen[] {
  const titleOf = (name: string) =>
    versus ? versusTitle(versus, measured.includes(name) ? bucket : undefined, span, timeZone) : "earlier";
  const names = new Set(compared.map((series) => series.point_name));
  const earlier = lines
    .filter(({ name }) => names.has(name))
    .map((line) => ({
      ...line,
      name: comparedName(line.name),
      label: `${line.label}, ${titleOf(line.name)}`,
      compared: true,
    }));
  return [...earlier, ...lines];
}

/** Returns an answer with the series of the compared range, under the names of their lines. */
export function answerWith(answer: MergedAnswer, compared: readonly Series[]): MergedAnswer {
  const renamed = compared.map((series) => ({ ...series, point_name: comparedName(series.point_name) }));
  return { ...answer, series: [...answer.series, ...renamed] };
}

/** Returns the name of the line of the compared range. */
export function comparedName(name: string): string {
  return name + COMPARED;
}

/** Returns the name of the point of a line, also of the compared range. */
export function pointName(name: string): string {
  return name.endsWith(COMPARED) ? name.slice(0, -COMPARED.length) : name;
}
