// Gaps of lines, and what they have in common.

import type { Gap } from "../../../api/types";
import type { GapSpan } from "./line";

export const REASONS: Record<Gap["reason"], string> = {
  not_polled: "not polled",
  no_data: "no data came",
  rejected: "values were rejected",
};

/** The spans that are gaps of all lines, with the reason of the first. */
export function commonGaps(gaps: GapSpan[][]): GapSpan[] {
  return gaps.length ? gaps.reduce(overlaps) : [];
}

function overlaps(one: GapSpan[], other: GapSpan[]): GapSpan[] {
  const found: GapSpan[] = [];
  for (let [left, right] = [0, 0]; left < one.length && right < other.length; ) {
    const [a, b] = [one[left] as GapSpan, other[right] as GapSpan];
    const [from, to] = [Math.max(a.from, b.from), Math.min(a.to, b.to)];
    if (from < to) found.push({ from, to, reason: a.reason });
    if (a.to < b.to) left++;
    else right++;
  }
  return found;
}
