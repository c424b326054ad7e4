import { useContext } from "preact/hooks";
import type { Store } from "../../../store";
import { useStore } from "../../../store";
import { time } from "../../../ui/format";
import type { GapSpan, Line } from "../data/line";
import { type LineValue, valueAt } from "../data/line-value";
import { NARROW } from "../plot/layout";
import { sameSpan } from "../range/range";
import { SiteZone } from "../site-zone";
import type { Hover } from "./plot-holder";
import { Missing, Swatch, Value } from "./value";

type Props = { lines: Line[]; hover: Store<Hover>; host: { current: HTMLElement | null } };

/** The values of the lines at the pointer. */
export function Tooltip({ lines, hover, host }: Props) {
  const pointer = useStore(hover);
  const timeZone = useContext(SiteZone);
  if (!pointer) return null;
  const samples = lines.map((line) => valueAt(line, pointer.time));
  const shared = commonGap(samples);
  return (
    <div class="tooltip" style={positionOf(pointer.x, host.current?.clientWidth ?? 0)} aria-hidden="true">
      <strong>{time(pointer.time, { seconds: true, timeZone })}</strong>
      {shared ? (
        <div>
          <Missing gap={shared} />
        </div>
      ) : (
        <table>
          <tbody>
            {lines.map((line, index) => (
              <tr key={line.name}>
                <td>
                  <Swatch slot={line.slot} />
                </td>
                <td class="label">{line.label}</td>
                <td class="value">
                  <Value line={line} sample={samples[index] as LineValue} long />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

/** Returns a position next to the pointer, or in the other half of a narrow chart. */
function positionOf(x: number, width: number): Record<string, string> {
  const right = x > width / 2;
  if (width < NARROW) return right ? { left: "0px" } : { right: "0px" };
  return right ? { right: `${width - x + 12}px` } : { left: `${x + 12}px` };
}

/** Returns the gap that all values have in common. */
function commonGap([first, ...samples]: LineValue[]): GapSpan | undefined {
  if (first?.kind !== "gap") return undefined;
  const { gap } = first;
  const same = samples.every(
    (sample) => sample.kind === "gap" && sameSpan(sample.gap, gap) && sample.gap.reason === gap.reason,
  );
  return same ? gap : undefined;
}
