// Samples as CSV, page by page, and the file that they make.

import { type Api, ApiError } from "../../../api/client";
import type { QueryAnswer } from "../../../api/types";
import { lastingWarnings, type QueryRequest, sampleQuery, sendQuery } from "../query";
import { SECOND, type Span } from "../range/range";

/** About 40 MB of CSV, and some ten requests. */
export const MAX_ROWS = 500_000;
const MAX_PAGES = 500;
const DEFAULT_INTERVAL_SECONDS = 60;

/** About how many samples some points have in a span. */
export function estimatedRows(intervals: (number | null)[], { from, to }: Span): number {
  const seconds = (to - from) / SECOND;
  return Math.round(
    intervals.reduce<number>((sum, interval) => sum + seconds / (interval || DEFAULT_INTERVAL_SECONDS), 0),
  );
}

/** Every sample of the points in the span as CSV, and what is left out; `onRows` is told how many have come. */
export async function csvOf(
  api: Api,
  site: string,
  points: string[],
  span: Span,
  onRows: (rows: number) => void,
  signal: AbortSignal,
): Promise<{ file: Blob; warnings: string[] }> {
  const request: QueryRequest = { ...sampleQuery(site, points, span), resolution: "raw" };
  const pages: Uint8Array<ArrayBuffer>[] = [];
  const warnings = new Set<string>();
  let token: string | null = null;
  let rows = 0;
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = await sendQuery(
      api,
      token ? { ...request, next_token: token } : request,
      "text/csv",
      signal,
    );
    const { csv, metadata } = await readPage(answer);
    pages.push(csv);
    rows += metadata.samples_returned;
    onRows(rows);
    for (const text of lastingWarnings(JSON.parse(answer.headers.get("Vitals-Warnings") ?? "[]")))
      warnings.add(text);
    token = metadata.next_token;
    if (!token) return { file: new Blob(joinedCsv(pages), { type: "text/csv" }), warnings: [...warnings] };
  }
  throw new Error(`This file has more than ${MAX_PAGES} parts; export it instead`);
}

/** A page of CSV and what it says of itself; ApiError where rows are missing, for its text does not show its end. */
async function readPage(
  answer: Response,
): Promise<{ csv: Uint8Array<ArrayBuffer>; metadata: QueryAnswer["metadata"] }> {
  let csv: Uint8Array<ArrayBuffer>;
  let metadata: QueryAnswer["metadata"];
  try {
    metadata = JSON.parse(answer.headers.get("Vitals-Metadata") ?? "").metadata;
    csv = new Uint8Array(await answer.arrayBuffer());
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, "UNREADABLE", "The answer broke off, or it is not one of this API.");
  }
  if (csvRows(csv) !== metadata?.samples_returned)
    throw new ApiError(0, "UNREADABLE", "The answer broke off: not all of its rows came.");
  return { csv, metadata };
}

/** Rows of CSV below its header, undefined where the last does not end; a name in quotes may hold ends of lines. */
export function csvRows(csv: Uint8Array): number | undefined {
  let lines = 0;
  let quoted = false;
  for (const byte of csv) {
    if (byte === 0x22) quoted = !quoted;
    else if (byte === 0x0a && !quoted) lines++;
  }
  return lines && !quoted && csv.at(-1) === 0x0a ? lines - 1 : undefined;
}

/** Pages of CSV as one file: the header of the first, the rows of all. */
export function joinedCsv(pages: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer>[] {
  return pages.map((page, index) => (index ? page.subarray(page.indexOf(0x0a) + 1) : page));
}

/** A name that says what is in the file. */
export function fileName(site: string, { from, to }: Span): string {
  const stamp = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace(/[-:]/g, "");
  return `${site}_${stamp(from)}Z_${stamp(to)}Z.csv`;
}

export function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The click has taken the file by the time that anything else runs.
  setTimeout(() => URL.revokeObjectURL(link.href));
}
