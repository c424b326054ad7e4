import { useMemo } from "preact/hooks";
import { Store } from "../../../store";
import type { Hover } from "../plot/cursor";
import { Figure, type FigureProps } from "./figure";
import { Legend, type LegendInput } from "./legend";
import { Reading } from "./reading";

type Props = Omit<FigureProps, "hover"> & { table: LegendInput; onRemove: (name: string) => void };

/** The plot with its tooltip and its legend. */
export function ChartView({ table, onRemove, ...props }: Props) {
  const hover = useMemo(() => new Store<Hover>(null), []);
  return (
    <>
      <Figure {...props} hover={hover} />
      <Reading lines={props.chart.lines} hover={hover} />
      <Legend lines={props.chart.lines} table={table} panes={props.panes} hover={hover} onRemove={onRemove} />
    </>
  );
}
