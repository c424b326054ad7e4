"""Stuck points: an analog or counter point that repeats one value for hours."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from vitals.model.kinds import Kind
from vitals.model.quality.findings import Finding, FindingName, Outage
from vitals.model.quality.outages import time_in
from vitals.model.samples import Times, Values
from vitals.model.timespan import HOUR_MS

MIN_READINGS = 24
MIN_MS = 6 * HOUR_MS
KINDS: frozenset[Kind] = frozenset({"analog", "counter"})


class Run(NamedTuple):
    """Consecutive samples of one value: the times (UTC ms) of the first and the last, and the value."""

    first_ms: int
    last_ms: int
    value: float


def runs(times: Times, values: Values) -> list[Run]:
    """Returns the runs of equal values with at least 24 samples, and last - first >= 6 h, in order.

    -0.0 equals 0.0.
    """
    if len(times) < MIN_READINGS:
        return []
    starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1])))
    lasts = np.append(starts[1:], len(values)) - 1
    is_long = (lasts - starts + 1 >= MIN_READINGS) & (times[lasts] - times[starts] >= MIN_MS)
    return [
        Run(int(times[start]), int(times[last]), float(values[start]))
        for start, last in zip(starts[is_long].tolist(), lasts[is_long].tolist(), strict=True)
    ]


def stuck(
    runs: Sequence[Run], outages: Sequence[Outage], *, idles: bool
) -> Iterator[tuple[FindingName, Finding]]:
    """Yields the findings `stuck` and `idle` of a point's runs.

    A run counts if (last - first) - (its time in outages of the site) >= 6 h. The runs of value 0 of a point
    that `idles`, an actuator, are idle, without a value; all others are stuck. Their time is last - first.
    """
    long = [run for run in runs if _length_ms(run, outages) >= MIN_MS]
    is_idle = [idles and run.value == 0 for run in long]
    names: tuple[tuple[FindingName, bool], ...] = (("stuck", False), ("idle", True))
    for name, wanted in names:
        if matches := [run for run, idle in zip(long, is_idle, strict=True) if idle == wanted]:
            longest = max(matches, key=lambda run: run.last_ms - run.first_ms)
            yield (
                name,
                Finding(
                    len(matches),
                    matches[0].first_ms,
                    matches[-1].last_ms,
                    longest.last_ms - longest.first_ms,
                    None if wanted else longest.value,
                ),
            )


def _length_ms(run: Run, outages: Sequence[Outage]) -> int:
    return run.last_ms - run.first_ms - time_in(outages, run.first_ms, run.last_ms)
