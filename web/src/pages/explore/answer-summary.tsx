import { dollars, number, percent } from "../../ui/format";
import type { Line } from "./data/line";
import { totalCoverage } from "./data/line-value";
import type { MergedAnswer } from "./data/pages";

const RESOLUTIONS: Record<string, string> = {
  raw: "raw samples",
  "5m": "5-minute values",
  "15m": "15-minute values",
  "1h": "hourly values",
  "1d": "daily values",
  "1w": "weekly values",
  "1mo": "monthly values",
};
const SOURCES = { hot: "hot tier", rollup: "rollups", archive: "archive", athena: "Athena" };

/** `samples` is of the points that are not measured. */
type Props = { answer: MergedAnswer; samples: MergedAnswer | undefined; lines: Line[] };

/** What the query read, covered and cost, in one line. */
export function AnswerSummary({ answer, samples, lines }: Props) {
  const { metadata } = answer;
  const covered = totalCoverage(lines);
  const items = [
    `Read ${number(metadata.samples_read)} samples, drew ${number(metadata.samples_returned)}`,
    [...new Set([answer.resolution, ...(samples ? [samples.resolution] : [])])].map(titleOf).join(" + "),
    metadata.sources.map((source) => SOURCES[source]).join(" + "),
    covered && `${percent(covered.received, covered.expected)} covered`,
    `${Math.round(metadata.query_time_ms)} ms${metadata.cache_hit ? " from the cache" : ""}`,
    dollars(metadata.cost.micro_dollars / 1e6),
  ];
  return <p class="chart-note">{items.filter(Boolean).join(" · ")}</p>;
}

function titleOf(resolution: string): string {
  return RESOLUTIONS[resolution] ?? `values of ${resolution}`;
}
