import { useMemo } from "preact/hooks";
import { type Store, useStore } from "../../../store";
import { type Line, MAX_LINES } from "../data/line";
import type { Pane } from "../data/panes";
import { columnsOf } from "../legend/columns";
import { type RowInput, rowsOf } from "../legend/rows";
import { StatisticsTable } from "../legend/table";
import type { Hover } from "../plot/cursor";
import { symbol } from "../units";

export type LegendInput = Omit<RowInput, "lines"> & { isCompared: boolean };

type Props = {
  lines: readonly Line[];
  table: LegendInput;
  panes: readonly Pane[];
  hover: Store<Hover>;
  onRemove: (name: string) => void;
};

/** The lines with their statistics, and notes about the chart. */
export function Legend({ lines, table, panes, hover, onRemove }: Props) {
  const pointer = useStore(hover);
  const { points, measured, measure, series, statistics } = table;
  const rows = useMemo(
    () => rowsOf({ lines, points, measured, measure, series, statistics }),
    [lines, points, measured, measure, series, statistics],
  );
  const units = unitsWithoutAxis(panes);
  return (
    <StatisticsTable
      rows={rows}
      columns={columnsOf(rows, measure, table.isCompared)}
      time={pointer?.time ?? null}
      onRemove={onRemove}
    >
      {units.length > 0 && (
        <small>
          No axis for {units.map((unit) => unit || "no unit").join(", ")}. Read the values of these lines
          here.
        </small>
      )}
      {rows.length >= MAX_LINES && <small>A chart shows at most {MAX_LINES} points.</small>}
      {table.statistics.error && <small>Statistics are missing: {table.statistics.error.message}</small>}
    </StatisticsTable>
  );
}

function unitsWithoutAxis(panes: readonly Pane[]): string[] {
  const values = panes.filter(({ lanes }) => !lanes);
  const axes = new Set(values.flatMap((pane) => pane.axes.map(({ unit }) => unit)));
  const units = new Set(values.flatMap(({ lines }) => lines.map(({ unit }) => symbol(unit))));
  return [...units].filter((unit) => !axes.has(unit));
}
