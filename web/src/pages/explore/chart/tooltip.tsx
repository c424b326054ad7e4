import { useContext } from "preact/hooks";
import type { Store } from "../../../store";
import { useStore } from "../../../store";
import { time } from "../../../ui/format";
import type { GapSpan, Line } from "../data/line";
import { type LineValue, valueAt } from "../data/line-value";
import { bucketText } from "../format";
import { NARROW } from "../plot/layout";
import type { Hover } from "../plot/plot";
import { sameSpan } from "../range/range";
import { SiteZone } from "../site-zone";
import { Missing, Swatch, Value } from "./value";

type Props = { lines: Line[]; hover: Store<Hover>; host: { current: HTMLElement | null } };

/** The values of the lines at the pointer. */
export function Tooltip({ lines, hover, host }: Props) {
  const pointer = useStore(hover);
  const timeZone = useContext(SiteZone);
  if (!pointer) return null;
  const samples = lines.map((line) => valueAt(line, pointer.time));
  const shared = commonGap(samples);
  const bucket = bucketOf(samples);
  return (
    <div class="tooltip" style={positionOf(pointer, host.current)} aria-hidden="true">
      <strong>
        {bucket ? bucketText(bucket, timeZone) : time(pointer.time, { seconds: true, timeZone })}
        {bucket?.partial && ", not over"}
      </strong>
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

/** Returns the bucket of the first bar. */
function bucketOf(samples: LineValue[]): { from: number; to: number; partial: boolean } | undefined {
  for (const sample of samples) {
    if (sample.kind !== "sample" || sample.end === undefined) continue;
    return { from: sample.time, to: sample.end, partial: sample.partial };
  }
  return undefined;
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
