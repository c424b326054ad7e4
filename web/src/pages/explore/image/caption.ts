// What an image of a chart says around it.

import { times } from "../../../ui/format";
import { capitalized } from "../../../ui/states";
import { pointName } from "../data/chosen";
import { hasPartialBars, type Line } from "../data/line";
import { stamp } from "../download/csv";
import { MEASURES } from "../measure/measures";
import type { Plan } from "../measure/plan";
import { isBucket, perBucket } from "../measure/resolutions";
import type { Span } from "../range/range";
import { symbol } from "../units";

/** A point with the slot of its colour, or a text without one. */
export type Item = { text: string; slot: number | undefined; faint: boolean };

export type Caption = { title: string; items: Item[]; range: string };

type CaptionLine = Pick<Line, "name" | "label" | "unit" | "slot" | "compared" | "draw" | "aggregate">;

/**
 * Returns the lines of a chart with their units and with what their values are, unless they are samples.
 * `resolution` is of the points that are not measured.
 */
export function itemsOf(
  lines: readonly CaptionLine[],
  { measure, bucket, measured }: Pick<Plan, "measure" | "bucket" | "measured">,
  resolution: string,
): Item[] {
  return lines.map((line) => {
    const { name, label, unit, slot, compared } = line;
    const isMeasured = measured.includes(pointName(name));
    const length = (isMeasured && bucket) || resolution;
    const title = isMeasured && measure ? MEASURES[measure].title.toLowerCase() : AGGREGATES[line.aggregate];
    const isSamples = !isBucket(length) || (!isMeasured && line.draw === "lane");
    const texts = [
      symbol(unit) ? `${label} (${symbol(unit)})` : label,
      ...(isSamples ? [] : [`${title} ${perBucket(length)}`]),
    ];
    return { text: texts.join(", "), slot, faint: compared };
  });
}

const AGGREGATES = { mean: "mean", last: "last reading" };

/** Returns what faint and hatched mean in a chart that is compared with other ranges. */
export function keyItems(others: readonly string[], lines: readonly Line[]): Item[] {
  const texts = [
    ...others.map((text) => `faint: ${text}`),
    ...(hasPartialBars(lines) ? ["hatched: not over"] : []),
  ];
  return texts.map((text) => ({ text: capitalized(text), slot: undefined, faint: false }));
}

/** Returns the range with its zone. */
export function rangeText({ from, to }: Span, timeZone: string): string {
  return `${times(from, to, timeZone)}, times in ${timeZone}`;
}

/** Returns a file name with the site and the span. */
export function imageName(site: string, { from, to }: Span): string {
  return `${site}-${stamp(from)}-${stamp(to)}.png`;
}

export type Place = { x: number; y: number };

/** Returns where items of some widths begin, in rows of a height, and the height of all rows. */
export function rowsOf(
  widths: readonly number[],
  across: number,
  gap: number,
  row: number,
): { places: Place[]; height: number } {
  let [x, y] = [0, 0];
  const places = widths.map((width) => {
    if (x && x + width > across) [x, y] = [0, y + row];
    const place = { x, y };
    x += width + gap;
    return place;
  });
  return { places, height: places.length ? y + row : 0 };
}
