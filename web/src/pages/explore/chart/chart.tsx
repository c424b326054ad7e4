import { useMemo } from "preact/hooks";
import { Store } from "../../../store";
import type { Hover } from "../plot/plot";
import { Figure, type FigureProps } from "./figure";
import { Legend } from "./legend";

type Props = Omit<FigureProps, "hover"> & { onRemove: (name: string) => void };

/** The plot with its tooltip and its legend. */
export function ChartView({ onRemove, ...props }: Props) {
  const hover = useMemo(() => new Store<Hover>(null), []);
  return (
    <>
      <Figure {...props} hover={hover} />
      <Legend lines={props.chart.lines} panes={props.panes} hover={hover} onRemove={onRemove} />
    </>
  );
}
