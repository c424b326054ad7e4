import type { Api } from "../../../api/client";
import { counted, number, times } from "../../../ui/format";
import { usePopover } from "../../../ui/use-popover";
import { MEASURES } from "../measure/measures";
import type { Plan } from "../measure/plan";
import { perBucket } from "../measure/resolutions";
import { expectedSamples } from "../points/expected";
import type { Span } from "../range/range";
import { MAX_ROWS } from "./csv";
import { Outcome } from "./outcome";
import { comparedTable } from "./tables";
import { type ChartBuckets, useDownload } from "./use-download";

type Props = {
  api: Api;
  site: string;
  points: string[];
  intervals: (number | null)[];
  span: Span;
  /** Of the times in CSV files. */
  timeZone: string;
  /** Undefined when the chart shows only samples. */
  chart: ChartBuckets | undefined;
};

/** Downloads the buckets of the chart, and its samples: small CSV files directly, large files and Parquet by an export. */
export function Download({ api, site, points, intervals, span, timeZone, chart }: Props) {
  const past = { ...span, to: Math.min(span.to, Math.ceil(Date.now() / 1000) * 1000) };
  const rows = expectedSamples(intervals, past);
  const { work, busy, startCsv, startTable, startExport, cancel } = useDownload(
    api,
    site,
    points,
    past,
    timeZone,
  );
  const { open, toggle, box, button } = usePopover();
  return (
    <div class="download" ref={box}>
      <button type="button" ref={button} aria-expanded={open} aria-haspopup="dialog" onClick={toggle}>
        Download{busy && " …"}
      </button>
      {open && (
        <div class="popover" role="dialog" aria-label="Download">
          {chart && (
            <Buckets
              plan={chart.plan}
              isCompared={comparedTable(chart.versus, chart.plan, past, timeZone) !== undefined}
              busy={busy}
              onStart={() => startTable(chart)}
            />
          )}
          <p>
            About {number(rows)} samples of {counted(points.length, "point")}
            <small>{times(past.from, past.to, timeZone)}, as they were collected</small>
          </p>
          <div class="choices">
            <button
              type="button"
              disabled={busy}
              onClick={() => (rows <= MAX_ROWS ? startCsv() : startExport("csv"))}
            >
              CSV
            </button>
            <button type="button" disabled={busy} onClick={() => startExport("parquet")}>
              Parquet
            </button>
            {busy && (
              <button type="button" class="quiet" onClick={cancel}>
                Cancel
              </button>
            )}
          </div>
          <div aria-live="polite">
            <Outcome work={work} rows={rows} />
          </div>
        </div>
      )}
    </div>
  );
}

type BucketsProps = { plan: Plan; isCompared: boolean; busy: boolean; onStart: () => void };

/** What the chart shows of its measured points, as a table. */
function Buckets({ plan, isCompared, busy, onStart }: BucketsProps) {
  const { bucket = "1d", measure, measured, sampled } = plan;
  const title = measure ? MEASURES[measure].title : "Values";
  return (
    <>
      <p>
        {title} {perBucket(bucket)} of {counted(measured.length, "point")}
        <small>
          A row for each bucket, a column for each point
          {isCompared && ", and one for what it is compared with"}
          {sampled.length > 0 && "; the other points of the chart are drawn from samples"}
        </small>
      </p>
      <div class="choices">
        <button type="button" disabled={busy} onClick={onStart}>
          CSV table
        </button>
      </div>
    </>
  );
}
