// The queries of a chart, and their answers as one.

import type { Api } from "../../../api/client";
import type { Series } from "../../../api/types";
import { type Later, laterOf, shifted } from "../compare/shift";
import { type Distance, earlierBuckets, earlierSpan } from "../compare/versus";
import { joinAnswers, type MergedAnswer } from "../data/pages";
import { type QueryRequest, querySeries, sampleQuery } from "../query";
import { HOUR, type Span } from "../range/range";
import { bucketEnds } from "./buckets";
import type { Plan } from "./plan";

/** What a chart asks: `width` is of the plot in pixels, `earlierBy` of the range it is compared with. */
export type ChartQuery = {
  site: string;
  plan: Plan;
  span: Span;
  width: number;
  timeZone: string;
  /** Whether the zone is not that of the site, in which the API would divide days. */
  isOtherZone: boolean;
  earlierBy: Distance | undefined;
};

/** The series of the span in the order of the plan, and those of the compared range on the same axis. */
export type ChartAnswer = SpanAnswer & { compared: Series[] };

/** The answer of a span, and of its queries the one in columns of pixels. */
type SpanAnswer = { answer: MergedAnswer; samples: MergedAnswer | undefined };

/** The spans of measured points, undefined when their buckets cannot be compared, and of other points. */
type Spans = { measured: Span | undefined; sampled: Span };

export async function queryChart(api: Api, query: ChartQuery, signal: AbortSignal): Promise<ChartAnswer> {
  const [own, other] = await Promise.all([
    querySpans(api, query, { measured: query.span, sampled: query.span }, signal),
    query.earlierBy && querySpans(api, query, earlierSpans(query, query.earlierBy), signal),
  ]);
  const { answer, samples } = own as SpanAnswer;
  if (!other || !query.earlierBy) return { answer, samples, compared: [] };
  const moveOf = moves(query, query.earlierBy);
  return {
    answer: joinAnswers([answer, { ...other.answer, series: [] }]),
    samples,
    compared: other.answer.series.map((series) => shifted(series, moveOf(series))),
  };
}

function earlierSpans({ plan, span, timeZone }: ChartQuery, earlierBy: Distance): Spans {
  return {
    measured: earlierBuckets(span, plan.bucket, earlierBy, timeZone),
    sampled: earlierSpan(span, earlierBy.days, timeZone),
  };
}

/** Returns the function that has the move of each series of the other range. */
function moves({ plan, timeZone }: ChartQuery, earlierBy: Distance): (series: Series) => Later {
  const ofBuckets = laterOf(earlierBy, plan.bucket, timeZone);
  const ofSamples = laterOf(earlierBy, undefined, timeZone);
  return ({ point_name }) => (plan.measured.includes(point_name) ? ofBuckets : ofSamples);
}

/** Queries measured points in whole buckets, and other points in columns of pixels; undefined without a query. */
async function querySpans(
  api: Api,
  query: ChartQuery,
  spans: Spans,
  signal: AbortSignal,
): Promise<SpanAnswer | undefined> {
  const { measured, sampled } = query.plan;
  const send = (request: QueryRequest) => querySeries(api, request, signal);
  const [buckets, samples] = await Promise.all([
    measured.length && spans.measured ? send(bucketRequest(query, spans.measured)) : undefined,
    sampled.length ? send(sampleRequest(query, spans.sampled)) : undefined,
  ]);
  const answers = [buckets && withEnds(buckets, query), samples].filter((answer) => answer !== undefined);
  if (!answers.length) return undefined;
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
  const hours = (series: Series): Series => (measure === "runtime" ? inHours(series) : series);
  return {
    ...answer,
    series: answer.series.map((series) => ({
      ...hours(series),
      ends: series.ends ?? endsOf(series.timestamps),
    })),
  };
}

/** Returns a series of seconds in hours. */
function inHours(series: Series): Series {
  const { values, at_least, at_most } = series;
  return {
    ...{ ...series, unit: "hours", values: values.map(toHours) },
    ...(at_least && at_most && { at_least: at_least.map(toHours), at_most: at_most.map(toHours) }),
  };
}

function toHours(seconds: number): number {
  return (1000 * seconds) / HOUR;
}
