import { useMemo } from "preact/hooks";
import { coloursOf, type Domain } from "./colour-scale";
import { type CellMeasure, cellText } from "./measure";

type Props = { domain: Domain; dark: boolean; measure: CellMeasure; unit: string };

/** The colours with the values of the first and the last. */
export function ColourLegend({ domain, dark, measure, unit }: Props) {
  const { low, high, clamped } = domain;
  const stops = useMemo(() => coloursOf(dark).filter((_, index) => index % 15 === 0), [dark]);
  return (
    <span class="scale" data-low={low} data-high={high}>
      {clamped && "≤ "}
      {cellText(low, measure, unit)}
      <i style={{ background: `linear-gradient(to right, ${stops.join(", ")})` }} aria-hidden="true" />
      {clamped && "≥ "}
      {cellText(high, measure, unit)}
      {clamped && <small>colours end at the 1st and 99th percentile</small>}
    </span>
  );
}
