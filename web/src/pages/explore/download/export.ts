// Runs an export until it ends.

import { type Api, ApiError } from "../../../api/client";
import type { ExportJob } from "../../../api/types";
import type { QueryRequest } from "../query";
import { SECOND } from "../range/range";

const POLL_MS = 2 * SECOND;
/** One hour of polling; exports take minutes. */
const MAX_POLLS = 1_800;
/** Consecutive failed polls: at least half a minute. */
const MAX_FAILURES = 15;

export type ExportRequest = Omit<QueryRequest, "resolution" | "measure" | "form" | "width" | "next_token"> & {
  format: "csv" | "parquet";
};

/** Whether the export has ended; false before the job exists. */
export function ended(job: ExportJob | undefined): boolean {
  return job !== undefined && job.status !== "queued" && job.status !== "running";
}

/** Starts an export and polls it until it ends; tolerates failed polls, and cancels the export on abort. */
export async function followExport(
  api: Api,
  request: ExportRequest,
  onProgress: (job: ExportJob) => void,
  signal: AbortSignal,
): Promise<ExportJob> {
  // Without the signal: a started export can only be cancelled by its id.
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
  throw new Error("The export did not finish within one hour. Choose a shorter range.");
}

/** Whether a later attempt may succeed. */
function isTransient(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);
}

/** Waits, and returns whether the time passed without an abort. */
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
