import { useContext } from "preact/hooks";
import { capitalized } from "../../../ui/states";
import type { Line } from "../data/line";
import { bucketText } from "../format";
import type { Plan } from "../measure/plan";
import type { Span } from "../range/range";
import { SiteZone } from "../site-zone";
import { type Versus, versusTexts } from "./versus";
import "./range-key.css";

type Props = { versus: Versus | undefined; plan: Plan; span: Span; lines: readonly Line[] };

/** The key of how ranges and buckets are drawn: the compared range faint, a bucket that is not whole hatched. */
export function RangeKey({ versus, plan, span, lines }: Props) {
  const timeZone = useContext(SiteZone);
  const others = versus ? versusTexts(versus, plan, span, timeZone) : [];
  const hasOpenBars = lines.some(({ draw, partial }) => draw === "bars" && partial.length > 0);
  if (!others.length && !hasOpenBars) return null;
  return (
    <ul class="range-key" aria-label="Ranges">
      {others.map((text) => (
        <li key={text} class="faint">
          {capitalized(text)}
        </li>
      ))}
      {others.length > 0 && <li>This range: {bucketText(span, timeZone)}</li>}
      {hasOpenBars && <li class="open">Not whole</li>}
    </ul>
  );
}
