// Measured points as one CSV table: a row for each bucket, a column for each point.

import type { Api } from "../../../api/client";
import type { Point } from "../../../api/types";
import { type Later, laterOf } from "../compare/shift";
import { type ComparedRange, comparedRange, type Versus } from "../compare/versus";
import { MEASURES } from "../measure/measures";
import type { Plan } from "../measure/plan";
import { bucketMeasure } from "../points/kind";
import { type QueryRequest, sampleQuery } from "../query";
import type { Span } from "../range/range";
import { type CsvFile, csvOf } from "./csv";

/** The range that a table is compared with, and how its rows move to those of the table. */
export type ComparedTable = Pick<ComparedRange, "title" | "span"> & { later: Later };

/** Returns the compared range of a table; undefined without one. */
export function comparedTable(
  versus: Versus | undefined,
  { bucket }: Pick<Plan, "bucket">,
  span: Span,
  timeZone: string,
): ComparedTable | undefined {
  const range = versus === undefined ? undefined : comparedRange(versus, bucket, span, timeZone);
  return range && { ...range, later: laterOf(range.distance, bucket, timeZone) };
}

/** A question for columns of a table, of the compared range if there is one. */
export type TableRequest = { query: QueryRequest; compared?: ComparedTable };

/** Returns a request for each measure of a chart and range; without a chosen one, means and last readings. */
export function tableRequests(
  query: QueryRequest,
  { bucket = "1d", measure, measured }: Pick<Plan, "bucket" | "measure" | "measured">,
  points: readonly Point[],
  compared?: ComparedTable,
): TableRequest[] {
  const chart = points.filter(({ point_name }) => measured.includes(point_name));
  const measureOf = (point: Point) => measure ?? bucketMeasure(point);
  return [...new Set(chart.map(measureOf))].flatMap((name) => {
    const names = chart.filter((point) => measureOf(point) === name).map(({ point_name }) => point_name);
    const buckets = { resolution: bucket, measure: name, form: "table" } as const;
    const own = { query: { ...query, point_names: names, ...buckets } };
    if (!compared) return [own];
    const { start_time, end_time } = sampleQuery(query.site_name, names, compared.span);
    return [own, { query: { ...own.query, start_time, end_time }, compared }];
  });
}

/** Returns the table of the requests, with the warnings; calls `onRows` with the number of rows so far. */
export async function tableOf(
  api: Api,
  requests: readonly TableRequest[],
  onRows: (rows: number) => void,
  signal: AbortSignal,
): Promise<CsvFile> {
  const tables: Table[] = [];
  const warnings: string[] = [];
  for (const { query, compared } of requests) {
    const { file, warnings: texts } = await csvOf(api, query, onRows, signal);
    const title = titleOf(query.measure);
    tables.push(
      tableIn(await file.text(), compared ? `${title} (${compared.title})` : title, compared?.later),
    );
    warnings.push(...texts);
  }
  return {
    file: new Blob([joinedTables(tables)], { type: "text/csv" }),
    warnings: [...new Set(warnings)],
  };
}

function titleOf(measure: string | undefined): string {
  const info = Object.entries(MEASURES).find(([name]) => name === measure)?.[1];
  return info?.title ?? "Mean";
}

/** A row: its time, and its other cells as they are in the file. */
type Row = { time: string; cells: string };

/** A table whose rows have the times of the range itself. */
type Table = { time: string; names: string[]; rows: ReadonlyMap<number, Row> };

const HEADER = /^(?:"(?:[^"]|"")*"|[^"\n])*\n/;
const CELLS = /(?:"(?:[^"]|"")*"|[^",\n])+/g;

/** Returns the table in an answer; its columns are named by their measure too: Increase of main [kWh]. */
function tableIn(csv: string, title: string, later?: Later): Table {
  const header = HEADER.exec(csv)?.[0] ?? "";
  const [time = "", ...names] = header.match(CELLS) ?? [];
  const timeOf = (row: Row) => (later ? later.edge(Date.parse(row.time)) : Date.parse(row.time));
  const rows = csv.slice(header.length).split("\n").filter(Boolean).map(rowIn);
  return {
    time,
    names: names.map((name) => name.replace(/^"?/, `$&${title} of `)),
    // Of rows at one time only the last has a length: a clock skips the others there.
    rows: new Map(rows.map((row) => [timeOf(row), row])),
  };
}

/** Returns the columns of all tables at the times of the first as CSV. */
function joinedTables(tables: readonly Table[]): string {
  const [first, ...others] = tables;
  if (!first) return "";
  const emptyOf = ({ names }: Table) => ",".repeat(names.length - 1);
  const lines = [...first.rows].map(([ms, { time, cells }]) =>
    [time, cells, ...others.map((table) => table.rows.get(ms)?.cells ?? emptyOf(table))].join(","),
  );
  const head = [first.time, ...tables.flatMap(({ names }) => names)].join(",");
  return [head, ...lines, ""].join("\n");
}

function rowIn(line: string): Row {
  const comma = line.indexOf(",");
  return { time: line.slice(0, comma), cells: line.slice(comma + 1) };
}
