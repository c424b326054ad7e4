import { Copy } from "../copy";
import type { Column } from "./columns";
import type { LegendRow } from "./rows";
import { tableCsv } from "./table-csv";

/** Copies the table as CSV, in the order in which it is shown. */
export function CopyTable({ rows, columns }: { rows: LegendRow[]; columns: Column[] }) {
  return <Copy title="Copy as CSV" label="The table as CSV" textOf={() => tableCsv(rows, columns)} />;
}
