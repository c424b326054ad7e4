import { useEffect, useRef, useState } from "preact/hooks";
import type { Api } from "../../api/client";
import type { ExportJob } from "../../api/types";
import { bytes, counted, number, times } from "../../ui/format";
import { samplesOf } from "./ask";
import { csvOf, estimatedRows, exported, fileName, MOST_ROWS, save } from "./download";
import type { Span } from "./range";

type Props = { api: Api; site: string; points: string[]; intervals: (number | null)[]; span: Span };

type Work =
  | { kind: "none" }
  | { kind: "csv"; rows: number }
  | { kind: "export"; job: ExportJob | undefined }
  | { kind: "told"; text: string }
  | { kind: "failed"; error: Error };

/** The samples of what is on view, as they are: CSV straight from the API, the rest by an export. */
export function Download({ api, site, points, intervals, span }: Props) {
  const [open, setOpen] = useState(false);
  const [work, setWork] = useState<Work>({ kind: "none" });
  const stop = useRef<AbortController | undefined>(undefined);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => () => stop.current?.abort(), []);
  useEffect(() => {
    if (!open) return;
    const leave = (event: Event) => {
      if (
        event instanceof KeyboardEvent ? event.key === "Escape" : !box.current?.contains(event.target as Node)
      )
        setOpen(false);
    };
    addEventListener("keydown", leave);
    addEventListener("pointerdown", leave);
    return () => {
      removeEventListener("keydown", leave);
      removeEventListener("pointerdown", leave);
    };
  }, [open]);
  const asked = { ...span, to: Math.min(span.to, Math.ceil(Date.now() / 1000) * 1000) };
  const rows = estimatedRows(intervals, asked);

  const run = async (start: (signal: AbortSignal) => Promise<Work>) => {
    stop.current = new AbortController();
    const { signal } = stop.current;
    try {
      setWork(await start(signal));
    } catch (error) {
      setWork(
        signal.aborted ? { kind: "told", text: "Cancelled." } : { kind: "failed", error: error as Error },
      );
    }
  };
  const csv = () =>
    run(async (signal) => {
      setWork({ kind: "csv", rows: 0 });
      const file = await csvOf(
        api,
        site,
        points,
        asked,
        (done) => setWork({ kind: "csv", rows: done }),
        signal,
      );
      save(file, fileName(site, asked));
      return { kind: "told", text: `Saved ${bytes(file.size)}.` };
    });
  const job = (format: "csv" | "parquet") =>
    run(async (signal) => {
      setWork({ kind: "export", job: undefined });
      const request = { ...samplesOf(site, points, asked), format };
      return {
        kind: "export",
        job: await exported(api, request, (now) => setWork({ kind: "export", job: now }), signal),
      };
    });
  const busy = work.kind === "csv" || (work.kind === "export" && !ended(work.job));

  return (
    <div class="download" ref={box}>
      <button type="button" aria-expanded={open} aria-haspopup="dialog" onClick={() => setOpen(!open)}>
        Download{busy && " …"}
      </button>
      {open && (
        <div class="popover" role="dialog" aria-label="Download">
          <p>
            About {number(rows)} samples of {counted(points.length, "point")}
            <small>{times(asked.from, asked.to)}, as they were collected</small>
          </p>
          <div class="choices">
            <button type="button" disabled={busy} onClick={() => (rows <= MOST_ROWS ? csv() : job("csv"))}>
              CSV
            </button>
            <button type="button" disabled={busy} onClick={() => job("parquet")}>
              Parquet
            </button>
            {busy && (
              <button type="button" class="quiet" onClick={() => stop.current?.abort()}>
                Cancel
              </button>
            )}
          </div>
          <div aria-live="polite">
            <Told work={work} expected={rows} />
          </div>
        </div>
      )}
    </div>
  );
}

function ended(job: ExportJob | undefined): boolean {
  return job !== undefined && job.status !== "queued" && job.status !== "running";
}

function Told({ work, expected }: { work: Work; expected: number }) {
  if (work.kind === "none") return null;
  if (work.kind === "told") return <p>{work.text}</p>;
  if (work.kind === "failed") return <p class="failure">{work.error.message}</p>;
  if (work.kind === "csv")
    return (
      <p>
        <progress max={expected || 1} value={Math.min(work.rows, expected)} aria-label="Download" />
        <small>{number(work.rows)} samples so far</small>
      </p>
    );
  const { job } = work;
  if (!ended(job))
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
  if (job?.status !== "completed")
    return job?.status === "cancelled" ? (
      <p>Cancelled.</p>
    ) : (
      <p class="failure">{job?.error || "The export failed."}</p>
    );
  if (!job.files?.length) return <p>There are no samples in this range.</p>;
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
      <small>The links work for an hour.</small>
    </>
  );
}
