import type { Column } from "./columns";
import type { LegendRow } from "./rows";

/** The column that rows are sorted by; without one they have the order of the selection. */
export type Sort = { key: string; descending: boolean } | undefined;

/** Returns the sort after a click on a column: numbers begin with the largest, a third click ends it. */
export function nextSort(sort: Sort, key: string): Sort {
  const first = key !== "point";
  if (sort?.key !== key) return { key, descending: first };
  return sort.descending === first ? { key, descending: !first } : undefined;
}

/** Returns the rows in order; empty cells are last in both directions. */
export function sorted(rows: LegendRow[], columns: readonly Column[], sort: Sort): LegendRow[] {
  const column = columns.find(({ key }) => key === sort?.key);
  if (!sort || !column) return rows;
  return [...rows].sort((first, second) => {
    const [a, b] = [column.value(first), column.value(second)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    const order = typeof a === "string" ? a.localeCompare(String(b)) : a - Number(b);
    return sort.descending ? -order : order;
  });
}
