import { useContext } from "preact/hooks";
import { capitalized } from "../../../ui/states";
import { type Chart, hasPartialBars } from "../data/line";
import { bucketText } from "../format";
import { SiteZone } from "../site-zone";
import "./range-key.css";

type Props = { others: readonly string[]; chart: Chart };

/** The key of ranges and buckets: the compared range is drawn faint, a bucket that is not over hatched. */
export function RangeKey({ others, chart }: Props) {
  const timeZone = useContext(SiteZone);
  const isPartial = hasPartialBars(chart.lines);
  if (!others.length && !isPartial) return null;
  return (
    <ul class="range-key" aria-label="Ranges">
      {others.map((text) => (
        <li key={text} class="faint">
          {capitalized(text)}
        </li>
      ))}
      {others.length > 0 && <li>This range, {bucketText(chart.span, timeZone)}</li>}
      {isPartial && <li class="partial">Not over</li>}
    </ul>
  );
}
