// Measured points as one CSV table: a row for each bucket, a column for each point.

import type { Api } from "../../../api/client";
import type { Point } from "../../../api/types";
import { MEASURES } from "../measure/measures";
import type { Plan } from "../measure/plan";
import { bucketMeasure } from "../points/kind";
import type { QueryRequest } from "../query";
import { type CsvFile, csvOf } from "./csv";

/** Returns a request for each measure of a chart; without a chosen one, means and last readings. */
export function tableRequests(
  query: QueryRequest,
  { bucket = "1d", measure, measured }: Pick<Plan, "bucket" | "measure" | "measured">,
  points: readonly Point[],
): QueryRequest[] {
  const chart = points.filter(({ point_name }) => measured.includes(point_name));
  const measureOf = (point: Point) => measure ?? bucketMeasure(point);
  return [...new Set(chart.map(measureOf))].map((name) => ({
    ...query,
    point_names: chart.filter((point) => measureOf(point) === name).map(({ point_name }) => point_name),
    ...{ resolution: bucket, measure: name, form: "table" },
  }));
}

/** Returns the table of the requests, with the warnings; calls `onRows` with the number of rows so far. */
export async function tableOf(
  api: Api,
  requests: readonly QueryRequest[],
  onRows: (rows: number) => void,
  signal: AbortSignal,
): Promise<CsvFile> {
  const tables: Table[] = [];
  const warnings: string[] = [];
  for (const request of requests) {
    const { file, warnings: texts } = await csvOf(api, request, onRows, signal);
    tables.push(tableIn(await file.text(), titleOf(request.measure)));
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

/** A table whose rows are cells by their time. */
type Table = { time: string; names: string[]; rows: ReadonlyMap<string, string> };

const HEADER = /^(?:"(?:[^"]|"")*"|[^"\n])*\n/;
const CELLS = /(?:"(?:[^"]|"")*"|[^",\n])+/g;

/** Returns the table in an answer; its columns are named by their measure too: Increase of main [kWh]. */
function tableIn(csv: string, title: string): Table {
  const header = HEADER.exec(csv)?.[0] ?? "";
  const [time = "", ...names] = header.match(CELLS) ?? [];
  const rows = csv.slice(header.length).split("\n").filter(Boolean).map(halves);
  return { time, names: names.map((name) => name.replace(/^"?/, `$&${title} of `)), rows: new Map(rows) };
}

/** Returns the columns of all tables at the times of the first as CSV. */
function joinedTables(tables: readonly Table[]): string {
  const [first, ...others] = tables;
  if (!first) return "";
  const emptyOf = ({ names }: Table) => ",".repeat(names.length - 1);
  const lines = [...first.rows].map(([time, cells]) =>
    [time, cells, ...others.map((table) => table.rows.get(time) ?? emptyOf(table))].join(","),
  );
  const head = [first.time, ...tables.flatMap(({ names }) => names)].join(",");
  return [head, ...lines, ""].join("\n");
}

/** Returns the time of a row and its other cells, which are numbers. */
function halves(line: string): [string, string] {
  const comma = line.indexOf(",");
  return [line.slice(0, comma), line.slice(comma + 1)];
}
