import { number, percent } from "../../../ui/format";
import { formatValue } from "../format";
import { symbol } from "../units";
import type { Fit } from "./fit";

type Props = { fit: Fit; units: [x: string, y: string]; buckets: number };

/** The numbers of the fit, and how many buckets have no pair. */
export function FitFacts({ fit, units: [x, y], buckets }: Props) {
  const { n, slope, intercept, r2 } = fit;
  const perUnit = symbol(y) + (symbol(x) && ` per ${symbol(x)}`);
  return (
    <dl
      class="fit"
      data-n={n}
      data-slope={slope}
      data-intercept={intercept}
      data-r2={r2}
      data-buckets={buckets}
    >
      <Fact name="Slope" value={slope} unit={symbol(y) === symbol(x) ? "" : perUnit} />
      <Fact name="Intercept" value={intercept} unit={symbol(y)} />
      <Fact name="r²" value={r2} unit="" />
      <div>
        <dt>Pairs</dt>
        <dd>{number(n)}</dd>
      </div>
      <div>
        <dt>Without a pair</dt>
        <dd>
          {percent(buckets - n, buckets)} <small>of {number(buckets)} buckets of 15 min</small>
        </dd>
      </div>
    </dl>
  );
}

function Fact({ name, value, unit }: { name: string; value: number | null; unit: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value === null ? "–" : formatValue(value)} {value !== null && <span class="unit">{unit}</span>}
      </dd>
    </div>
  );
}
