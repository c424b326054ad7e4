import { symbol } from "../units";
import type { Column } from "./columns";
import type { LegendRow } from "./rows";

/**
 * Returns the table as CSV with unrounded numbers: names, the unit of the line, and a column per column. Values of
 * other units are followed by a column of them.
 */
export function tableCsv(rows: readonly LegendRow[], columns: readonly Column[]): string {
  const numbers = columns.filter(({ key }) => key !== "point");
  const head = [
    "point_name",
    "name",
    "unit",
    ...numbers.flatMap(({ title, unit }) => (unit ? [title, `${title} unit`] : [title])),
  ];
  const lines = rows.map((row) => [
    row.line.name,
    row.line.label,
    symbol(row.line.unit),
    ...numbers.flatMap((column) => cellsOf(column, row)),
  ]);
  return [head, ...lines].map((cells) => `${cells.map(quoted).join(",")}\n`).join("");
}

function cellsOf({ value, unit }: Column, row: LegendRow): (number | string)[] {
  const cell = value(row);
  if (!unit) return [cell ?? ""];
  return cell === null ? ["", ""] : [cell, symbol(unit(row))];
}

function quoted(cell: string | number): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
