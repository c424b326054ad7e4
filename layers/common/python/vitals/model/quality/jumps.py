"""Jumps of an analog point: steps far above those that are usual on the day."""

import numpy as np

from vitals.model.measures.cells import HELD_INTERVALS, SLOWEST_INTERVAL_S
from vitals.model.quality.findings import Finding
from vitals.model.samples import Times, Values

MEDIANS = 8
RANGE_SHARE = 5
"""A jump is more than one fifth of the day's range."""


def longest_step_ms(interval_s: int | None) -> int:
    """Returns how far apart the samples of a step may be: max(15 min, 2.5 intervals)."""
    return int(1000 * max(SLOWEST_INTERVAL_S, HELD_INTERVALS * (interval_s or SLOWEST_INTERVAL_S)))


def jumps(times: Times, values: Values, longest_ms: int) -> Finding | None:
    """Returns the jumps of a day's samples, None when there are none.

    A step is the difference of two consecutive samples at most `longest_ms` apart: over a gap a value may
    change as it likes. It is a jump if |step| > 8 x the median of all
    |steps|, and 5 x |step| > largest - smallest value of the day. A median of 0 is one like any other: then
    each step that is not 0 passes the first test. A jump is at the time of its later sample.
    """
    if len(times) < 2:
        return None
    is_step = np.diff(times) <= longest_ms
    with np.errstate(over="ignore"):
        steps = np.diff(values)[is_step]
        sizes = np.abs(steps)
        if not len(sizes):
            return None
        is_jump = (sizes > MEDIANS * np.median(sizes)) & (RANGE_SHARE * sizes > values.max() - values.min())
    if not is_jump.any():
        return None
    jump_times, jump_steps = times[1:][is_step][is_jump], steps[is_jump]
    largest = jump_steps[np.argmax(np.abs(jump_steps))]
    return Finding(len(jump_steps), int(jump_times[0]), int(jump_times[-1]), value=float(largest))
