"""Cells: what measures need to know of the samples of an hour, or of a part of an hour.

A cell depends only on its own samples, so that it is identical to the bit from every tier. The samples of a
cell are held until the next sample, at most for the point's hold and at most until the cell ends; what the
last sample holds after that is the carry, which readers add (bucket_table.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from vitals.model import aggregates
from vitals.model.aggregates import Aggregates
from vitals.model.samples import Samples, Times, Values

# A sample is held for this many intervals: two, the collection's jitter on top.
HELD_INTERVALS = 2.5
# The slowest interval that sites collect, for points whose listing has none.
SLOWEST_INTERVAL_S = 900
# What reads look back for a sample; also the longest hold.
LONGEST_MS = 31 * 86_400_000

type Integers = npt.NDArray[np.int64]
type Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Columns of one length, sorted by point id and time; `rows.times` are the starts of the cells.

    `ends`: of the cells. `integrals`: value × ms held. `falls`: samples below the one before in the cell.
    `bridged`: the rise over gaps in the cell. `hold_ms`: how long a sample is held at most. `is_binary`:
    whether every sample is 0 or 1. `is_complete`: false for a cell of a version 1 rollup, of which only
    `rows` and `ends` are known.
    """

    rows: Aggregates
    ends: Times
    integrals: Values
    held_ms: Integers
    falls: Integers
    bridged: Values
    first_ms: Times
    last_ms: Times
    hold_ms: Integers
    is_binary: Flags
    is_complete: Flags

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Flags | npt.NDArray[np.intp] | slice) -> "Cells":
        return Cells(*(getattr(self, field.name)[index] for field in fields(self)))

    def equals(self, other: "Cells") -> bool:
        """Returns whether both are equal to the bit."""
        columns = (field.name for field in fields(self) if field.name != "rows")
        return self.rows.equals(other.rows) and all(
            getattr(self, name).tobytes() == getattr(other, name).tobytes() for name in columns
        )


def holds_of(intervals_s: Any) -> Integers:
    """Returns how long (ms) a sample is held at most, given the collection intervals; 0 is an unknown one."""
    intervals = np.asarray(intervals_s, np.float64)
    holds = HELD_INTERVALS * 1000 * np.where(intervals == 0, SLOWEST_INTERVAL_S, intervals)
    return np.minimum(LONGEST_MS, holds).astype(np.int64)


def cells_of(samples: Samples, edges: Times, holds: Integers) -> Cells:
    """Returns a cell per point and bucket of `edges` that has samples.

    `samples` are sorted by point, then time, and all within the edges; `holds` is the hold of each sample.
    """
    index = np.searchsorted(edges, samples.times, side="right") - 1
    rows = aggregates.aggregate(samples, edges[index])
    if not len(rows):
        return concat([])
    lasts = np.cumsum(rows.counts) - 1
    starts = lasts + 1 - rows.counts
    times, values, ends = samples.times, samples.values, edges[index + 1]
    is_inner = np.ones(len(samples), np.bool_)
    is_inner[starts] = False
    before, step_ms = np.zeros(len(samples)), np.zeros(len(samples), np.int64)
    before[1:], step_ms[1:] = values[:-1], np.diff(times)
    next_ms = ends.copy()
    next_ms[:-1] = np.where(is_inner[1:], times[1:], ends[:-1])
    held_ms = np.minimum(next_ms - times, holds)
    is_bridge = is_inner & (values > before)
    is_bridge[1:] &= step_ms[1:] > holds[:-1]
    with np.errstate(over="ignore"):
        products, rises = values * held_ms, values - before
    return Cells(
        rows=rows,
        ends=ends[starts],
        integrals=finite_sums(products, starts),
        held_ms=np.add.reduceat(held_ms, starts),
        falls=np.add.reduceat((is_inner & (values < before)).astype(np.int64), starts),
        bridged=finite_sums(np.where(is_bridge, rises, 0.0), starts),
        first_ms=times[starts],
        last_ms=times[lasts],
        hold_ms=holds[lasts],
        is_binary=np.logical_and.reduceat((values == 0) | (values == 1), starts),
        is_complete=np.ones(len(rows), np.bool_),
    )


def finite_sums(values: Values, starts: npt.NDArray[np.intp] | Integers) -> Values:
    """Returns the sums of runs that begin at `starts`; one that overflows is the largest double."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.nan_to_num(np.add.reduceat(values, starts))


def concat(parts: Iterable[Cells]) -> Cells:
    """Returns the parts as one, sorted by point, then time."""
    parts = list(parts)
    rows = aggregates.join(part.rows for part in parts)
    columns: list[Any] = [
        np.concatenate([np.empty(0, dtype), *(getattr(part, name) for part in parts)]).astype(dtype)
        for name, dtype in _DTYPES.items()
    ]
    cells = Cells(rows, *columns)
    return cells[np.lexsort((rows.times, rows.ids))]


_DTYPES: dict[str, Any] = {
    "ends": np.int64,
    "integrals": np.float64,
    "held_ms": np.int64,
    "falls": np.int64,
    "bridged": np.float64,
    "first_ms": np.int64,
    "last_ms": np.int64,
    "hold_ms": np.int64,
    "is_binary": np.bool_,
    "is_complete": np.bool_,
}
