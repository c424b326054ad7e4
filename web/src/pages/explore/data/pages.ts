// Merges the pages of a query.

import type { Gap, QueryAnswer } from "../../../api/types";

const COLUMNS = ["timestamps", "values", "min", "max", "count", "first", "last"] as const;

/** An answer of one or more pages, with the warnings that apply to all of it. */
export type MergedAnswer = Omit<QueryAnswer, "warning_details">;

/** Returns two pages of a query as one answer. */
export function mergePages(first: MergedAnswer, next: MergedAnswer): MergedAnswer {
  const pages = new Map(next.series.map((series) => [series.point_name, series]));
  const sum = (field: (metadata: QueryAnswer["metadata"]) => number) =>
    field(first.metadata) + field(next.metadata);
  return {
    ...first,
    series: first.series.map((series) => {
      const added = pages.get(series.point_name);
      if (!added) return series;
      const whole = { ...series };
      for (const column of COLUMNS) {
        const rows = added[column];
        if (rows) whole[column] = (series[column] ?? []).concat(rows);
      }
      whole.gaps = joinGaps([...series.gaps, ...added.gaps]);
      const { expected, received } = series.coverage;
      whole.coverage = {
        expected: expected === null ? null : expected + (added.coverage.expected ?? 0),
        received: received + added.coverage.received,
      };
      return whole;
    }),
    metadata: {
      ...next.metadata,
      total_samples: sum((metadata) => metadata.total_samples),
      samples_read: sum((metadata) => metadata.samples_read),
      samples_returned: sum((metadata) => metadata.samples_returned),
      query_time_ms: sum((metadata) => metadata.query_time_ms),
      sources: [...new Set([...first.metadata.sources, ...next.metadata.sources])],
      cache_hit: first.metadata.cache_hit && next.metadata.cache_hit,
      cost: { ...next.metadata.cost, micro_dollars: sum((metadata) => metadata.cost.micro_dollars) },
    },
    warnings: [...new Set([...first.warnings, ...next.warnings])],
  };
}

/** Returns the gaps of a series with the gaps joined that a page end had divided. */
function joinGaps(gaps: Gap[]): Gap[] {
  const joined: Gap[] = [];
  for (const { continues, ...gap } of gaps) {
    const last = joined.at(-1);
    if (continues && last && last.end === gap.start && last.reason === gap.reason) {
      joined[joined.length - 1] = { ...last, end: gap.end };
    } else {
      joined.push(gap);
    }
  }
  return joined;
}
