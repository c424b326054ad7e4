// The queries of a chart, and their answers as one.

import type { Api } from "../../../api/client";
import type { Series } from "../../../api/types";
import { laterBy, shifted } from "../compare/shift";
import { earlierSpan } from "../compare/versus";
import { joinAnswers, type MergedAnswer } from "../data/pages";
import { querySeries, sampleQuery } from "../query";
import { HOUR, type Span } from "../range/range";
import { bucketEnd } from "./buckets";
import type { Plan } from "./plan";

/** What a chart asks: `width` is of the plot in pixels, `earlierBy` days of the range it is compared with. */
export type ChartQuery = {
  site: string;
  plan: Plan;
  span: Span;
  width: number;
  timeZone: string;
  earlierBy: number | undefined;
};

/** The series of the span in the order of the plan, and those of the compared range on the same axis. */
export type ChartAnswer = { answer: MergedAnswer; compared: Series[] };

export async function queryChart(api: Api, query: ChartQuery, signal: AbortSignal): Promise<ChartAnswer> {
  const { span, timeZone, earlierBy } = query;
  const spans = earlierBy === undefined ? [span] : [span, earlierSpan(span, earlierBy, timeZone)];
  const [answer, other] = await Promise.all(spans.map((part) => querySpan(api, query, part, signal)));
  if (!other) return { answer: answer as MergedAnswer, compared: [] };
  const later = laterBy(earlierBy ?? 0, timeZone);
  const joined = joinAnswers([answer as MergedAnswer, { ...other, series: [] }]);
  return { answer: joined, compared: other.series.map((series) => shifted(series, later)) };
}

/** Queries measured points in whole buckets, and other points in columns of pixels. */
async function querySpan(
  api: Api,
  { site, plan, width, timeZone }: ChartQuery,
  span: Span,
  signal: AbortSignal,
): Promise<MergedAnswer> {
  const { bucket, measure, measured, sampled, raw } = plan;
  const answers: Promise<MergedAnswer>[] = [];
  if (bucket && measured.length) {
    const request = {
      ...sampleQuery(site, measured, span),
      resolution: bucket,
      measure: measure ?? "mean",
      timezone: timeZone,
    };
    answers.push(querySeries(api, request, signal).then((answer) => withEnds(answer, plan, timeZone)));
  }
  if (sampled.length) {
    const request = { ...sampleQuery(site, sampled, span), width, ...(raw && { resolution: "raw" }) };
    answers.push(querySeries(api, request, signal));
  }
  return joinAnswers(await Promise.all(answers));
}

/** Returns an answer whose series have the ends of their buckets, and running times in hours. */
function withEnds(answer: MergedAnswer, { bucket, measure }: Plan, timeZone: string): MergedAnswer {
  const endOf = (start: number) => (bucket ? bucketEnd(start, bucket, timeZone) : start);
  const hours = (series: Series): Series =>
    measure === "runtime" ? { ...series, unit: "hours", values: series.values.map(toHours) } : series;
  return {
    ...answer,
    series: answer.series.map((series) => ({
      ...hours(series),
      ends: series.ends ?? series.timestamps.map(endOf),
    })),
  };
}

function toHours(seconds: number): number {
  return (1000 * seconds) / HOUR;
}
