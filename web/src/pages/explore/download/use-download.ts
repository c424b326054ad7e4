import { useEffect, useRef, useState } from "preact/hooks";
import type { Api } from "../../../api/client";
import type { ExportJob, Point } from "../../../api/types";
import { bytes } from "../../../ui/format";
import type { Versus } from "../compare/versus";
import type { Plan } from "../measure/plan";
import { type QueryRequest, sampleQuery } from "../query";
import type { Span } from "../range/range";
import { type CsvFile, csvOf, fileName, save } from "./csv";
import { ended, followExport } from "./export";
import { comparedTable, tableOf, tableRequests } from "./tables";

/** The progress of the current download, or the result of the last one. */
export type Work =
  | { kind: "none" }
  | { kind: "csv"; rows: number }
  | { kind: "export"; job: ExportJob | undefined }
  | { kind: "done"; text: string; warnings?: string[] }
  | { kind: "failed"; error: Error };

/** The points of a chart whose buckets are shown, with the range that they are compared with. */
export type ChartBuckets = { plan: Plan; points: readonly Point[]; versus: Versus | undefined };

/** Downloads the samples of the points in the span, one file at a time. */
export function useDownload(api: Api, site: string, points: string[], span: Span, timeZone: string) {
  const [work, setWork] = useState<Work>({ kind: "none" });
  const stop = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => stop.current?.abort(), []);
  const run = async (start: (signal: AbortSignal) => Promise<Work>) => {
    stop.current = new AbortController();
    const { signal } = stop.current;
    try {
      setWork(await start(signal));
    } catch (error) {
      setWork(
        signal.aborted ? { kind: "done", text: "Cancelled." } : { kind: "failed", error: error as Error },
      );
    }
  };
  const query: QueryRequest = { ...sampleQuery(site, points, span), timezone: timeZone };
  const startFile = (
    load: (onRows: (rows: number) => void, signal: AbortSignal) => Promise<CsvFile>,
    name: string,
  ) =>
    run(async (signal) => {
      const onRows = (rows: number) => setWork({ kind: "csv", rows });
      onRows(0);
      const { file, warnings } = await load(onRows, signal);
      save(file, name);
      return { kind: "done", text: `Saved ${bytes(file.size)}.`, warnings };
    });
  const startCsv = () =>
    startFile(
      (onRows, signal) => csvOf(api, { ...query, resolution: "raw" }, onRows, signal),
      fileName(site, span),
    );
  const startTable = ({ plan, points: chart, versus }: ChartBuckets) =>
    startFile(
      (onRows, signal) => {
        const compared = comparedTable(versus, plan, span, timeZone);
        return tableOf(api, tableRequests(query, plan, chart, compared), onRows, signal);
      },
      fileName(site, span, [plan.bucket, plan.measure].filter(Boolean).join("-")),
    );
  const startExport = (format: "csv" | "parquet") =>
    run(async (signal) => {
      const onProgress = (job?: ExportJob) => setWork({ kind: "export", job });
      onProgress();
      // Parquet has times in UTC.
      const zone = format === "csv" ? { timezone: timeZone } : {};
      const request = { ...sampleQuery(site, points, span), ...zone, format };
      return { kind: "export", job: await followExport(api, request, onProgress, signal) };
    });
  const busy = work.kind === "csv" || (work.kind === "export" && !ended(work.job));
  return { work, busy, startCsv, startTable, startExport, cancel: () => stop.current?.abort() };
}
