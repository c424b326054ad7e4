import { symbol } from "../units";
import type { Column } from "./columns";
import type { LegendRow } from "./rows";

/** Returns the table as CSV with unrounded numbers: names, units, and a column per column. */
export function tableCsv(rows: readonly LegendRow[], columns: readonly Column[]): string {
  const numbers = columns.filter(({ key }) => key !== "point");
  const head = ["point_name", "name", "unit", ...numbers.map(({ title }) => title)];
  const lines = rows.map((row) => [
    row.line.name,
    row.line.label,
    symbol(row.line.unit),
    ...numbers.map(({ value }) => value(row) ?? ""),
  ]);
  return [head, ...lines].map((cells) => `${cells.map(quoted).join(",")}\n`).join("");
}

function quoted(cell: string | number): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
