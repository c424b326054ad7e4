import { useMemo } from "preact/hooks";
import { Store } from "../../../store";
import { Figure, type FigureProps } from "./figure";
import { Legend } from "./legend";
import type { Hover } from "./plot-holder";

type Props = Omit<FigureProps, "hover"> & { onRemove: (name: string) => void };

/** The plot with its tooltip and its legend. */
export function ChartView({ onRemove, ...props }: Props) {
  const hover = useMemo(() => new Store<Hover>(null), []);
  return (
    <>
      <Figure {...props} hover={hover} />
      <Legend lines={props.chart.lines} axes={props.axes} hover={hover} onRemove={onRemove} />
    </>
  );
}
