// Gaps of lines, and the gaps that lines have in common.

import type { Gap } from "../../../api/types";
import type { GapSpan } from "./line";

export const REASONS: Record<Gap["reason"], string> = {
  not_polled: "not polled",
  no_data: "no data",
  rejected: "rejected",
  flagged: "flagged",
};

/** Returns the spans in which every line has a gap, with the reason of the first line. */
export function commonGaps(gaps: GapSpan[][]): GapSpan[] {
  return gaps.length ? gaps.reduce(overlaps) : [];
}

function overlaps(first: GapSpan[], second: GapSpan[]): GapSpan[] {
  const common: GapSpan[] = [];
  for (let [i, j] = [0, 0]; i < first.length && j < second.length; ) {
    const [a, b] = [first[i] as GapSpan, second[j] as GapSpan];
    const [from, to] = [Math.max(a.from, b.from), Math.min(a.to, b.to)];
    if (from < to) common.push({ from, to, reason: a.reason });
    if (a.to < b.to) i++;
    else j++;
  }
  return common;
}
