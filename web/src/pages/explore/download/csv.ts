// Answers as a CSV file.

import { type Api, ApiError, readBody } from "../../../api/client";
import type { QueryAnswer } from "../../../api/types";
import { lastingWarnings, type QueryRequest, sendQuery } from "../query";
import type { Span } from "../range/range";

/** About 40 MB of CSV, or ten requests. */
export const MAX_ROWS = 500_000;
const MAX_PAGES = 500;

export type CsvFile = { file: Blob; warnings: string[] };

/** Returns all rows of a request as CSV, with the warnings; calls `onRows` with the number of rows so far. */
export async function csvOf(
  api: Api,
  request: QueryRequest,
  onRows: (rows: number) => void,
  signal: AbortSignal,
): Promise<CsvFile> {
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
    const [texts, codes] = ["Vitals-Warnings", "Vitals-Warning-Codes"].map((name) =>
      JSON.parse(answer.headers.get(name) ?? "[]"),
    );
    for (const text of lastingWarnings(texts, codes)) warnings.add(text);
    token = metadata.next_token;
    if (!token) return { file: new Blob(joinedCsv(pages), { type: "text/csv" }), warnings: [...warnings] };
  }
  throw new Error(`This file has more than ${MAX_PAGES} pages. Export it instead.`);
}

type Page = { csv: Uint8Array<ArrayBuffer>; metadata: QueryAnswer["metadata"] };

/** Returns a page of CSV and its metadata; throws ApiError when rows are missing. */
async function readPage(answer: Response): Promise<Page> {
  const page = await readBody(
    async (): Promise<Page> => ({
      metadata: JSON.parse(answer.headers.get("Vitals-Metadata") ?? "").metadata,
      csv: new Uint8Array(await answer.arrayBuffer()),
    }),
  );
  if (csvRows(page.csv) !== page.metadata?.samples_returned)
    throw new ApiError(0, "UNREADABLE", "The response is incomplete: rows are missing.");
  return page;
}

/** Returns the number of rows below the header, undefined when the last one is incomplete. */
export function csvRows(csv: Uint8Array): number | undefined {
  let lines = 0;
  let end = 0;
  for (let next = lineEnd(csv, 0); next; next = lineEnd(csv, end)) {
    lines++;
    end = next;
  }
  return lines && end === csv.length ? lines - 1 : undefined;
}

/** Returns where the line that begins at `start` ends, 0 when it does not; quoted names may contain line breaks. */
function lineEnd(csv: Uint8Array, start: number): number {
  let quoted = false;
  for (let index = start; index < csv.length; index++) {
    if (csv[index] === 0x22) quoted = !quoted;
    else if (csv[index] === 0x0a && !quoted) return index + 1;
  }
  return 0;
}

/** Returns the pages as one file: the header of the first page, the rows of all pages. */
export function joinedCsv(pages: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer>[] {
  return pages.map((page, index) => (index ? page.subarray(lineEnd(page, 0)) : page));
}

/** Returns a file name with the site, what is in the file unless it is samples, and the span. */
export function fileName(site: string, { from, to }: Span, content = ""): string {
  return [site, ...(content ? [content] : []), stamp(from), `${stamp(to)}.csv`].join("_");
}

/** Returns a time as file names have it: 20260101T0000Z. */
export function stamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace(/[-:]/g, "")}Z`;
}

export function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The click has taken the file before this runs.
  setTimeout(() => URL.revokeObjectURL(link.href));
}
