// Queries for the lines of a chart and for the samples of a file.

import { type Api, jsonOf } from "../../api/client";
import type { QueryAnswer } from "../../api/types";
import { mergePages } from "./data/pages";
import { iso, type Span } from "./range/range";

/** API Gateway accepts about 10 KB of address and headers. */
const MAX_QUERY_LENGTH = 6_000;
/** More pages than a chart with the maximum of lines has. */
const MAX_PAGES = 20;

/** Returns the series of a chart of `width` pixels, merged from all pages. */
export async function queryLines(
  api: Api,
  site: string,
  points: string[],
  span: Span,
  width: number,
  signal: AbortSignal,
): Promise<QueryAnswer> {
  let result: QueryAnswer | undefined;
  let token: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const request: QueryRequest = {
      ...sampleQuery(site, points, span),
      width,
      ...(token && { next_token: token }),
    };
    const answer: QueryAnswer = await jsonOf(await sendQuery(api, request, "application/json", signal));
    answer.warnings = lastingWarnings(answer.warnings);
    result = result ? mergePages(result, answer) : answer;
    token = answer.metadata.next_token;
    if (!token) return result;
  }
  throw new Error(`The response has more than ${MAX_PAGES} pages. Choose fewer points or a shorter range.`);
}

/** Returns the warnings that still apply after the last page. */
export function lastingWarnings(warnings: string[]): string[] {
  return warnings.filter((text) => !text.endsWith("next_token goes on"));
}

export type QueryRequest = {
  site_name: string;
  point_names: string[];
  start_time: string;
  end_time: string;
  width?: number;
  resolution?: string;
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
