// Statistics of points over a span, as the API computes them.

import type { Api } from "../../../api/client";
import { MINUTE, type Span } from "../range/range";

/** Null where a kind of point has no such value, and where nothing is known. */
export type PointSummary = {
  point_name: string;
  unit: string;
  min: number | null;
  max: number | null;
  mean: number | null;
  last: number | null;
  increase: number | null;
  /** In seconds. */
  runtime: number | null;
  /** 0 to 1. */
  known: number | null;
};

/** The statistics of a point by its name. */
export type Summary = ReadonlyMap<string, PointSummary>;

export type SummaryRequest = {
  site_name: string;
  point_names: string[];
  start_time: string;
  end_time: string;
  timezone: string;
};

export async function loadSummary(api: Api, request: SummaryRequest, signal: AbortSignal): Promise<Summary> {
  const { points } = await api.post<{ points: PointSummary[] }>("/timeseries/summary", request, signal);
  return new Map(points.map((point) => [point.point_name, point]));
}

/** Returns the span moved to whole minutes, so that a live span changes once a minute. */
export function minuteSpan({ from, to }: Span): Span {
  return { from: Math.ceil(from / MINUTE) * MINUTE, to: Math.ceil(to / MINUTE) * MINUTE };
}
