import type { Point } from "../../../api/types";
import type { Span } from "../range/range";
import type { Choice } from "./plan";
import { automaticBucket, isBucket, perBucket } from "./resolutions";

type Props = { choice: Choice; points: readonly Point[]; span: Span; onShow: () => void };

/** Proposes the increase while only counters are selected, whose readings say little. */
export function CounterHint({ choice: { resolution, measure }, points, span, onShow }: Props) {
  if (measure || !points.length || points.some(({ kind }) => kind !== "counter")) return null;
  const bucket = isBucket(resolution) ? resolution : automaticBucket(span);
  return (
    <p class="proposal">
      {points.length === 1 ? "This is a counter." : "These are counters."}{" "}
      <button type="button" onClick={onShow}>
        Show increase {perBucket(bucket)}
      </button>
    </p>
  );
}
