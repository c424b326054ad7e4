import type { Api } from "../../../api/client";
import { counted, number, times } from "../../../ui/format";
import { usePopover } from "../../../ui/use-popover";
import type { Span } from "../range/range";
import { estimatedRows, MAX_ROWS } from "./csv";
import { Outcome } from "./outcome";
import { useDownload } from "./use-download";

type Props = {
  api: Api;
  site: string;
  points: string[];
  intervals: (number | null)[];
  span: Span;
  /** Of the times in CSV files. */
  timeZone: string;
};

/** Downloads the samples of the chart: small CSV files directly, large files and Parquet by an export. */
export function Download({ api, site, points, intervals, span, timeZone }: Props) {
  const past = { ...span, to: Math.min(span.to, Math.ceil(Date.now() / 1000) * 1000) };
  const rows = estimatedRows(intervals, past);
  const { work, busy, startCsv, startExport, cancel } = useDownload(api, site, points, past, timeZone);
  const { open, toggle, box, button } = usePopover();
  return (
    <div class="download" ref={box}>
      <button type="button" ref={button} aria-expanded={open} aria-haspopup="dialog" onClick={toggle}>
        Download{busy && " …"}
      </button>
      {open && (
        <div class="popover" role="dialog" aria-label="Download">
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
