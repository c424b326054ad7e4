// Pages of one query as one answer.

import type { Gap, QueryAnswer } from "../../../api/types";

const COLUMNS = ["timestamps", "values", "min", "max", "count", "first", "last"] as const;

/** Two pages of one query as one. */
export function merged(one: QueryAnswer, next: QueryAnswer): QueryAnswer {
  const pages = new Map(next.series.map((series) => [series.point_name, series]));
  const sum = (of: (metadata: QueryAnswer["metadata"]) => number) => of(one.metadata) + of(next.metadata);
  return {
    ...one,
    series: one.series.map((series) => {
      const more = pages.get(series.point_name);
      if (!more) return series;
      const whole = { ...series };
      for (const column of COLUMNS) {
        const rows = more[column];
        if (rows) whole[column] = (series[column] ?? []).concat(rows);
      }
      whole.gaps = joinedGaps([...series.gaps, ...more.gaps]);
      const { expected, received } = series.coverage;
      whole.coverage = {
        expected: expected === null ? null : expected + (more.coverage.expected ?? 0),
        received: received + more.coverage.received,
      };
      return whole;
    }),
    metadata: {
      ...next.metadata,
      total_samples: sum((of) => of.total_samples),
      samples_read: sum((of) => of.samples_read),
      samples_returned: sum((of) => of.samples_returned),
      query_time_ms: sum((of) => of.query_time_ms),
      sources: [...new Set([...one.metadata.sources, ...next.metadata.sources])],
      cache_hit: one.metadata.cache_hit && next.metadata.cache_hit,
      cost: { ...next.metadata.cost, micro_dollars: sum((of) => of.cost.micro_dollars) },
    },
    warnings: [...new Set([...one.warnings, ...next.warnings])],
  };
}

/** Gaps of one series, in order; what a page's end cut is one again. */
function joinedGaps(gaps: Gap[]): Gap[] {
  const found: Gap[] = [];
  for (const { continues, ...gap } of gaps) {
    const last = found.at(-1);
    if (continues && last && last.end === gap.start && last.reason === gap.reason) {
      found[found.length - 1] = { ...last, end: gap.end };
    } else {
      found.push(gap);
    }
  }
  return found;
}
