// The queries of a chart, and their answers as one.

import type { Api } from "../../../api/client";
import type { Series } from "../../../api/types";
import { laterBy, shifted } from "../compare/shift";
import { earlierSpan } from "../compare/versus";
import { joinAnswers, type MergedAnswer } from "../data/pages";
import { type QueryRequest, querySeries, sampleQuery } from "../query";
import { HOUR, type Span } from "../range/range";
import { bucketEnds } from "./buckets";
import type { Plan } from "./plan";

/** What a chart asks: `width` is of the plot in pixels, `earlierBy` days of the range it is compared with. */
export type ChartQuery = {
  site: string;
  plan: Plan;
  span: Span;
  width: number;
  timeZone: string;
  /** Whether the zone is not that of the site, in which the API would divide days. */
  isOtherZone: boolean;
  earlierBy: number | undefined;
};

/** The series of the span in the order of the plan, and those of the compared range on the same axis. */
export type ChartAnswer = SpanAnswer & { compared: Series[] };

/** The answer of a span, and of its queries the one in columns of pixels. */
type SpanAnswer = { answer: MergedAnswer; samples: MergedAnswer | undefined };

export async function queryChart(api: Api, query: ChartQuery, signal: AbortSignal): Promise<ChartAnswer> {
  const { span, timeZone, earlierBy } = query;
  const spans = earlierBy === undefined ? [span] : [span, earlierSpan(span, earlierBy, timeZone)];
  const [own, other] = await Promise.all(spans.map((part) => querySpan(api, query, part, signal)));
  const { answer, samples } = own as SpanAnswer;
  if (!other) return { answer, samples, compared: [] };
  const later = laterBy(earlierBy ?? 0, timeZone);
  return {
    answer: joinAnswers([answer, { ...other.answer, series: [] }]),
    samples,
    compared: other.answer.series.map((series) => shifted(series, later)),
  };
}

/** Queries measured points in whole buckets, and other points in columns of pixels. */
async function querySpan(api: Api, query: ChartQuery, span: Span, signal: AbortSignal): Promise<SpanAnswer> {
  const { measured, sampled } = query.plan;
  const send = (request: QueryRequest) => querySeries(api, request, signal);
  const [buckets, samples] = await Promise.all([
    measured.length ? send(bucketRequest(query, span)) : undefined,
    sampled.length ? send(sampleRequest(query, span)) : undefined,
  ]);
  const answers = [buckets && withEnds(buckets, query), samples].filter((answer) => answer !== undefined);
  return { answer: joinAnswers(answers), samples };
}

function bucketRequest({ site, plan, timeZone }: ChartQuery, span: Span): QueryRequest {
  const { bucket = "1d", measure = "mean", measured } = plan;
  return { ...sampleQuery(site, measured, span), resolution: bucket, measure, timezone: timeZone };
}

function sampleRequest(query: ChartQuery, span: Span): QueryRequest {
  const { site, plan, width, timeZone, isOtherZone } = query;
  return {
    ...sampleQuery(site, plan.sampled, span),
    width,
    ...(plan.raw && { resolution: "raw" }),
    ...(isOtherZone && { timezone: timeZone }),
  };
}

/** Returns an answer whose series have the ends of their buckets, and running times in hours. */
function withEnds(answer: MergedAnswer, { plan, timeZone }: ChartQuery): MergedAnswer {
  const { bucket, measure } = plan;
  const endsOf = (starts: number[]) => (bucket ? bucketEnds(starts, bucket, timeZone) : starts);
  const hours = (series: Series): Series =>
    measure === "runtime" ? { ...series, unit: "hours", values: series.values.map(toHours) } : series;
  return {
    ...answer,
    series: answer.series.map((series) => ({
      ...hours(series),
      ends: series.ends ?? endsOf(series.timestamps),
    })),
  };
}

function toHours(seconds: number): number {
  return (1000 * seconds) / HOUR;
}
