// Queries for the lines of a chart and for the samples of a file.

import { type Api, jsonOf } from "../../api/client";
import type { QueryAnswer } from "../../api/types";
import { type MergedAnswer, mergePages } from "./data/pages";
import { iso, type Span } from "./range/range";

/** API Gateway accepts about 10 KB of address and headers. */
const MAX_QUERY_LENGTH = 6_000;
/** More pages than a chart with the maximum of lines has. */
const MAX_PAGES = 20;

/** The code of the warning that a page ended early; the next page makes it obsolete. */
const TIME_LIMIT = "TIME_LIMIT";

/** Returns the series of a request, merged from all pages. */
export async function querySeries(
  api: Api,
  request: QueryRequest,
  signal: AbortSignal,
): Promise<MergedAnswer> {
  let result: MergedAnswer | undefined;
  let token: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const next: QueryRequest = token ? { ...request, next_token: token } : request;
    const answer = await jsonOf<QueryAnswer>(await sendQuery(api, next, "application/json", signal));
    const { warning_details: details = [], ...rows } = answer;
    const warnings = lastingWarnings(
      rows.warnings,
      details.map(({ code }) => code),
    );
    result = result ? mergePages(result, { ...rows, warnings }) : { ...rows, warnings };
    token = rows.metadata.next_token;
    if (!token) return result;
  }
  throw new Error(`The response has more than ${MAX_PAGES} pages. Choose fewer points or a shorter range.`);
}

export type Buckets = { resolution: string; measure: string; timezone: string };

/** Returns a measure of buckets, merged from all pages. */
export async function queryBuckets(
  api: Api,
  site: string,
  points: string[],
  span: Span,
  buckets: Buckets,
  signal: AbortSignal,
): Promise<MergedAnswer> {
  return querySeries(api, { ...sampleQuery(site, points, span), ...buckets }, signal);
}

/** Returns the warnings that still apply after the last page; `codes` has the code of each text, in order. */
export function lastingWarnings(texts: string[], codes: string[]): string[] {
  return texts.filter((_text, index) => codes[index] !== TIME_LIMIT);
}

export type QueryRequest = {
  site_name: string;
  point_names: string[];
  start_time: string;
  end_time: string;
  width?: number;
  resolution?: string;
  measure?: string;
  form?: string;
  timezone?: string;
  next_token?: string;
};

export function sampleQuery(site: string, points: string[], span: Span): QueryRequest {
  return { site_name: site, point_names: points, start_time: iso(span.from), end_time: iso(span.to) };
}

/** Sends the query by GET, which the browser can cache, or by POST when an address cannot carry it. */
export function sendQuery(
  api: Api,
  request: QueryRequest,
  accept: string,
  signal: AbortSignal,
): Promise<Response> {
  const query = queryString(request);
  const path = "/timeseries/query";
  return query === undefined
    ? api.fetch("POST", path, request, { Accept: accept }, signal)
    : api.fetch("GET", `${path}?${query}`, undefined, { Accept: accept }, signal);
}

/** Returns the query string; undefined when it is too long or contains NUL, which some proxies reject. */
export function queryString({ point_names: names, ...parameters }: QueryRequest): string | undefined {
  if (names.some((name) => name.includes("\0"))) return undefined;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) query.append(name, String(value));
  for (const name of names) query.append("point_name", name);
  const text = query.toString();
  return text.length <= MAX_QUERY_LENGTH ? text : undefined;
}
