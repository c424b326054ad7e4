// What the lines of a chart show at a time.

import { times, time as timeText } from "../../../ui/format";
import { REASONS } from "../data/gaps";
import type { GapSpan, Line } from "../data/line";
import { type LineValue, valueAt } from "../data/line-value";
import { bucketText, formatValue } from "../format";
import { sameSpan } from "../range/range";
import { symbol } from "../units";

export type Moment = {
  /** The time, or the bucket in force. */
  title: string;
  /** The gap that all lines have in common. */
  gap: GapSpan | undefined;
  /** The value of each line. */
  samples: LineValue[];
};

export function momentOf(lines: readonly Line[], time: number, timeZone: string): Moment {
  const samples = lines.map((line) => valueAt(line, time));
  const bucket = bucketInForce(lines, samples);
  const title = bucket ? bucketText(bucket, timeZone) : timeText(time, { seconds: true, timeZone });
  return { title: title + (bucket?.partial ? ", not over" : ""), gap: commonGap(samples), samples };
}

/** Returns the moment in one sentence, to be read aloud. */
export function sentenceOf(
  lines: readonly Line[],
  { title, gap, samples }: Moment,
  timeZone: string,
): string {
  if (gap) return `${title}: ${REASONS[gap.reason]}, ${times(gap.from, gap.to, timeZone)}`;
  const values = lines.map((line, index) => `${line.label} ${valueText(line, samples[index] as LineValue)}`);
  return `${title}: ${values.join("; ")}`;
}

function valueText(line: Line, sample: LineValue): string {
  if (sample.kind === "none") return "no value";
  if (sample.kind === "gap") return REASONS[sample.gap.reason];
  const { value, low = value, high = value } = sample;
  if (line.draw === "lane") return stateText(line, low, high);
  const range = low === high ? "" : `, from ${formatValue(low)} to ${formatValue(high)}`;
  return `${formatValue(value)} ${symbol(line.unit)}`.trim() + range;
}

/** Returns the state of a lane, or the states between which it changed. */
export function stateText({ states }: Line, low: number, high: number): string {
  const nameOf = (state: number) => states.get(state) ?? formatValue(state);
  return low === high ? nameOf(low) : `${nameOf(low)} – ${nameOf(high)}`;
}

/** Returns the bucket of the first bar of the range itself, else of the compared one. */
function bucketInForce(
  lines: readonly Line[],
  samples: LineValue[],
): { from: number; to: number; partial: boolean } | undefined {
  const ranked = [false, true].flatMap((compared) =>
    samples.filter((_, index) => lines[index]?.compared === compared),
  );
  for (const sample of ranked) {
    if (sample.kind !== "sample" || sample.end === undefined) continue;
    return { from: sample.time, to: sample.end, partial: sample.partial };
  }
  return undefined;
}

/** Returns the gap that all values have in common. */
function commonGap([first, ...samples]: LineValue[]): GapSpan | undefined {
  if (first?.kind !== "gap") return undefined;
  const { gap } = first;
  const same = samples.every(
    (sample) => sample.kind === "gap" && sameSpan(sample.gap, gap) && sample.gap.reason === gap.reason,
  );
  return same ? gap : undefined;
}
