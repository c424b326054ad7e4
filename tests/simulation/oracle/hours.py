"""What the hours of rollups of version 2 must have beside their aggregates, by a plain computation."""

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np

from vitals.model.measures.cells import Cells
from vitals.model.samples import Samples
from vitals.model.timespan import HOUR_MS

# A sum of an hour of products, each rounded.
_PRECISION = 1e-12

type _Hour = dict[str, float]
type _Rows = list[tuple[int, float]]


def wrong_columns(hours: Cells, samples: Samples) -> list[str]:
    """Returns the columns of some hours that differ; `samples` are all of these hours."""
    by_hour = dict(_by_hour(samples))
    wrong: set[str] = set()
    for row in range(len(hours)):
        key = (int(hours.rows.ids[row]), int(hours.rows.times[row]))
        rows = by_hour.get(key, [])
        if not rows:
            wrong.add("times")
            continue
        end_ms = key[1] + HOUR_MS
        wanted = _hour(rows, end_ms, int(hours.hold_ms[row]))
        stored = {name: getattr(hours, name)[row] for name in wanted}
        largest = max(abs(value) for _, value in rows)
        wrong.update(name for name, value in wanted.items() if not _is_right(name, stored, value, largest))
        if hours.ends[row] != end_ms or not hours.is_complete[row]:
            wrong.add("ends")
    return sorted(wrong)


def _by_hour(samples: Samples) -> Iterator[tuple[tuple[int, int], _Rows]]:
    """Yields the samples, which are sorted by point, then time, of each point and hour."""
    keys = list(zip(samples.ids.tolist(), (samples.times - samples.times % HOUR_MS).tolist(), strict=True))
    rows = list(zip(samples.times.tolist(), samples.values.tolist(), strict=True))
    begins = [row for row, key in enumerate(keys) if not row or key != keys[row - 1]]
    for begin, end in pairwise([*begins, len(keys)]):
        yield keys[begin], rows[begin:end]


def _hour(rows: _Rows, end_ms: int, hold_ms: int) -> _Hour:
    times, values = [time_ms for time_ms, _ in rows], [value for _, value in rows]
    held = [min(after - time_ms, hold_ms) for time_ms, after in pairwise([*times, end_ms])]
    rises = [
        (after - before) * (later - time_ms > hold_ms and after > before)
        for (time_ms, before), (later, after) in pairwise(rows)
    ]
    return {
        "integrals": _sum([value * length for value, length in zip(values, held, strict=True)]),
        "held_ms": sum(held),
        "falls": sum(after < before for before, after in pairwise(values)),
        "bridged": _sum(rises),
        "first_ms": times[0],
        "last_ms": times[-1],
        "is_binary": all(value in (0, 1) for value in values),
    }


def _sum(values: list[float]) -> float:
    """Returns the sum; infinity when it, or what it is made of, is too large for a double."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        return math.inf


def _is_right(name: str, stored: Mapping[str, float], wanted: float, largest: float) -> bool:
    value = float(stored[name])
    if name not in ("integrals", "bridged"):
        return value == wanted
    if not math.isfinite(wanted) or largest > np.finfo(np.float64).max / HOUR_MS:
        return math.isfinite(value)
    return abs(value - wanted) <= _PRECISION * largest * HOUR_MS
