// Exports, followed until they end.

import { type Api, ApiError } from "../../../api/client";
import type { ExportJob } from "../../../api/types";
import type { QueryRequest } from "../query";
import { SECOND } from "../range/range";

const POLL_MS = 2 * SECOND;
/** An hour of polling; exports take minutes. */
const MAX_POLLS = 1_800;
/** In a row, without an answer: half a minute and more. */
const MAX_FAILURES = 15;

export type ExportRequest = Omit<QueryRequest, "resolution" | "width" | "next_token"> & {
  format: "csv" | "parquet";
};

/** Whether the export is over; one that has no job yet is not. */
export function ended(job: ExportJob | undefined): boolean {
  return job !== undefined && job.status !== "queued" && job.status !== "running";
}

/** Starts an export and tells how it goes until it has ended, though some answers may fail; an abort cancels it. */
export async function followExport(
  api: Api,
  request: ExportRequest,
  onProgress: (job: ExportJob) => void,
  signal: AbortSignal,
): Promise<ExportJob> {
  // Without the signal: what was begun can be cancelled by its id only.
  let job = await api.post<ExportJob>("/exports", request);
  let failures = 0;
  for (let poll = 0; poll < MAX_POLLS; poll++) {
    onProgress(job);
    if (ended(job)) return job;
    if (signal.aborted || !(await pause(POLL_MS, signal))) {
      await api.delete(`/exports/${job.id}`);
      return { ...job, status: "cancelled" };
    }
    try {
      job = await api.get<ExportJob>(`/exports/${job.id}`);
      failures = 0;
    } catch (error) {
      if (!isTransient(error) || ++failures === MAX_FAILURES) throw error;
    }
  }
  throw new Error("The export has not ended within an hour");
}

/** Whether a later try may do. */
function isTransient(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);
}

/** Whether so much time went by without an abort. */
function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (whole: boolean) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      resolve(whole);
    };
    const stop = () => end(false);
    const timer = setTimeout(() => end(true), milliseconds);
    signal.addEventListener("abort", stop);
  });
}
