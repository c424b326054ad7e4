import { useContext } from "preact/hooks";
import type { Store } from "../../../store";
import { useStore } from "../../../store";
import type { Line } from "../data/line";
import type { LineValue } from "../data/line-value";
import type { Hover } from "../plot/cursor";
import { NARROW } from "../plot/layout";
import { SiteZone } from "../site-zone";
import { momentOf } from "./moment";
import { Missing, Swatch, Value } from "./value";

type Props = { lines: Line[]; hover: Store<Hover>; host: { current: HTMLElement | null } };

/** The values of the lines at the pointer. */
export function Tooltip({ lines, hover, host }: Props) {
  const pointer = useStore(hover);
  const timeZone = useContext(SiteZone);
  if (!pointer) return null;
  const { title, gap, samples } = momentOf(lines, pointer.time, timeZone);
  return (
    <div class="tooltip" style={positionOf(pointer, host.current)} aria-hidden="true">
      <strong>{title}</strong>
      {gap ? (
        <div>
          <Missing gap={gap} />
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

type Position = { x: number; top: number; bottom: number };

/** Returns a position in the pane of the pointer, next to it, or in the other half of a narrow chart. */
function positionOf({ x, top, bottom }: Position, host: HTMLElement | null): Record<string, string> {
  const [width, height] = [host?.clientWidth ?? 0, host?.clientHeight ?? 0];
  const right = x > width / 2;
  // A tall chart may be in view only in part.
  const vertical = top > height / 2 ? { bottom: `${height - bottom + 4}px` } : { top: `${top + 4}px` };
  if (width < NARROW) return { ...vertical, ...(right ? { left: "0px" } : { right: "0px" }) };
  return { ...vertical, ...(right ? { right: `${width - x + 12}px` } : { left: `${x + 12}px` }) };
}
