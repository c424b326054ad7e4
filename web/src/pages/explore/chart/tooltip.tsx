import type { Store } from "../../../store";
import { useStore } from "../../../store";
import { time } from "../../../ui/format";
import type { GapSpan, Line } from "../data/line";
import { type Reading, readAt } from "../data/reading";
import { NARROW } from "../plot/layout";
import { sameSpan } from "../range/range";
import type { Hover } from "./plot-holder";
import { Missing, Swatch, Value } from "./value";

type Props = { lines: Line[]; hover: Store<Hover>; host: { current: HTMLElement | null } };

/** What the lines read where the pointer is. */
export function Tooltip({ lines, hover, host }: Props) {
  const pointer = useStore(hover);
  if (!pointer) return null;
  const readings = lines.map((line) => readAt(line, pointer.time));
  const shared = sharedGap(readings);
  return (
    <div class="tooltip" style={positionOf(pointer.x, host.current?.clientWidth ?? 0)} aria-hidden="true">
      <strong>{time(pointer.time, { seconds: true })}</strong>
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
                  <Value line={line} reading={readings[index] as Reading} long />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

/** Next to the pointer, or in the other half where the chart is too narrow for that. */
function positionOf(x: number, width: number): Record<string, string> {
  const right = x > width / 2;
  if (width < NARROW) return right ? { left: "0px" } : { right: "0px" };
  return right ? { right: `${width - x + 12}px` } : { left: `${x + 12}px` };
}

/** The gap that all lines are in. */
function sharedGap([first, ...others]: Reading[]): GapSpan | undefined {
  if (first?.kind !== "gap") return undefined;
  const { gap } = first;
  const same = others.every(
    (other) => other.kind === "gap" && sameSpan(other.gap, gap) && other.gap.reason === gap.reason,
  );
  return same ? gap : undefined;
}
