// Statistics of points over a span, as the API computes them.

import type { Api } from "../../../api/client";
import type { SummaryAnswer, SummaryOfPoint } from "../../../api/types";
import { MINUTE, type Span } from "../range/range";

/** The statistics of a point by its name. */
export type Summary = ReadonlyMap<string, SummaryOfPoint>;

export type SummaryRequest = {
  site_name: string;
  point_names: string[];
  start_time: string;
  end_time: string;
  timezone: string;
};

export async function loadSummary(api: Api, request: SummaryRequest, signal: AbortSignal): Promise<Summary> {
  const { points } = await api.post<SummaryAnswer>("/timeseries/summary", request, signal);
  return new Map(points.map((point) => [point.point_name, point]));
}

/** Returns the span moved to whole minutes, so that a live span changes once a minute. */
export function minuteSpan({ from, to }: Span): Span {
  return { from: Math.ceil(from / MINUTE) * MINUTE, to: Math.ceil(to / MINUTE) * MINUTE };
}
