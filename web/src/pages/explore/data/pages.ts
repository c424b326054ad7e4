// Merges the pages of a query.

import type { Gap, Proof, QueryAnswer, Series } from "../../../api/types";

const COLUMNS = [
  ...(["timestamps", "values", "min", "max", "count", "first", "last"] as const),
  ...(["ends", "at_least", "at_most", "known"] as const),
];

type ColumnName = (typeof COLUMNS)[number];

/** Returns the columns of a series, each made of its rows. */
export function columnsOf(
  series: Series,
  make: (rows: (number | null)[], name: ColumnName) => (number | null | undefined)[],
): Pick<Series, ColumnName> {
  const columns = COLUMNS.flatMap((name) => {
    const rows = series[name];
    return rows ? [[name, make(rows, name)]] : [];
  });
  return Object.fromEntries(columns);
}

/** An answer of one or more pages, with the warnings that apply to all of it. */
export type MergedAnswer = Omit<QueryAnswer, "warning_details">;

/** Returns two pages of a query as one answer. */
export function mergePages(first: MergedAnswer, next: MergedAnswer): MergedAnswer {
  const pages = new Map(next.series.map((series) => [series.point_name, series]));
  return {
    ...first,
    series: first.series.map((before) => {
      const after = pages.get(before.point_name);
      if (!after) return before;
      const [series, added] = [withBounds(before, after), withBounds(after, before)];
      const whole = { ...series, ...columnsOf(added, (rows, name) => [...(series[name] ?? []), ...rows]) };
      const length = series.timestamps.length;
      if (added.partial)
        whole.partial = (series.partial ?? []).concat(added.partial.map((row) => row + length));
      if (series.proof && added.proof) whole.proof = joinProofs(series.proof, added.proof);
      whole.gaps = joinGaps([...series.gaps, ...added.gaps]);
      const { expected, received } = series.coverage;
      whole.coverage = {
        expected: expected === null ? null : expected + (added.coverage.expected ?? 0),
        received: received + added.coverage.received,
      };
      return whole;
    }),
    metadata: addMetadata(first.metadata, next.metadata),
    warnings: [...new Set([...first.warnings, ...next.warnings])],
  };
}

/** Returns a page with bounds if the other page has some; a page about which all is known lacks them. */
function withBounds(page: Series, other: Series): Series {
  return other.at_most && !page.at_most ? { ...page, at_least: page.values, at_most: page.values } : page;
}

/** Returns answers about different points or spans as one; it is of aggregates if any of them is. */
export function joinAnswers(answers: readonly MergedAnswer[]): MergedAnswer {
  const [first, ...others] = answers as [MergedAnswer, ...MergedAnswer[]];
  return {
    ...first,
    data_type: answers.some(({ data_type }) => data_type === "aggregate") ? "aggregate" : "raw",
    series: answers.flatMap(({ series }) => series),
    metadata: others.map(({ metadata }) => metadata).reduce(addMetadata, first.metadata),
    warnings: [...new Set(answers.flatMap(({ warnings }) => warnings))],
  };
}

type Metadata = QueryAnswer["metadata"];

function addMetadata(first: Metadata, next: Metadata): Metadata {
  return {
    ...next,
    total_samples: first.total_samples + next.total_samples,
    samples_read: first.samples_read + next.samples_read,
    samples_returned: first.samples_returned + next.samples_returned,
    query_time_ms: first.query_time_ms + next.query_time_ms,
    sources: [...new Set([...first.sources, ...next.sources])],
    cache_hit: first.cache_hit && next.cache_hit,
    cost: { ...next.cost, micro_dollars: first.cost.micro_dollars + next.cost.micro_dollars },
  };
}

/** Returns what the totals of two pages rest on; how much of both is known follows from their rows. */
function joinProofs(first: Proof, next: Proof): Proof {
  return {
    ...next,
    known_share: null,
    bridged: first.bridged + next.bridged,
    resets: [...first.resets, ...next.resets],
    rollovers: [...first.rollovers, ...next.rollovers],
    dips: [...first.dips, ...next.dips],
    spikes: [...first.spikes, ...next.spikes],
    files: [...first.files, ...next.files],
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
