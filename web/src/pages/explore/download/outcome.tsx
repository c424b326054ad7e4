import type { ExportJob } from "../../../api/types";
import { bytes, number } from "../../../ui/format";
import { Warnings } from "../warnings";
import { ended } from "./export";
import type { Work } from "./use-download";

/** The progress of a download of about `rows` rows, or its result. */
export function Outcome({ work, rows }: { work: Work; rows: number }) {
  switch (work.kind) {
    case "none":
      return null;
    case "done":
      return (
        <>
          <p>{work.text}</p>
          <Warnings texts={work.warnings ?? []} />
        </>
      );
    case "failed":
      return <p class="failure">{work.error.message}</p>;
    case "csv":
      return (
        <p>
          <progress max={rows || 1} value={Math.min(work.rows, rows)} aria-label="Download" />
          <small>{number(work.rows)} samples so far</small>
        </p>
      );
    case "export":
      return work.job && ended(work.job) ? <Ended job={work.job} /> : <Progress job={work.job} />;
  }
}

function Progress({ job }: { job: ExportJob | undefined }) {
  return (
    <p>
      <progress max={100} value={job?.progress_percent} aria-label="Export" />
      <small>
        {job?.status === "running"
          ? `Exporting: ${job.days_done} of ${job.days_total} days`
          : "Export queued"}
      </small>
    </p>
  );
}

function Ended({ job }: { job: ExportJob }) {
  if (job.status === "cancelled") return <p>Cancelled.</p>;
  if (job.status !== "completed") return <p class="failure">{job.error || "The export failed."}</p>;
  if (!job.files?.length) return <p>No samples in this range.</p>;
  return (
    <>
      <p>
        {number(job.rows)} samples, {bytes(job.bytes)}
      </p>
      <ul class="files">
        {job.files.map((file) => (
          <li key={file.name}>
            <a href={file.url} download={file.name}>
              {file.name}
            </a>{" "}
            <small>{bytes(file.bytes)}</small>
          </li>
        ))}
      </ul>
      <small>The links expire in one hour.</small>
    </>
  );
}
