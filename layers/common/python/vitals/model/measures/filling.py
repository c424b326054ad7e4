"""Values at the start of buckets: the sample in force there, or a line between the samples around it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from vitals.model.measures.cells import Cells, Integers
from vitals.model.measures.measure import BucketRows, join, rows_of
from vitals.model.samples import Times, Values

Fill = Literal["null", "last", "linear"]
FILLS: tuple[Fill, ...] = get_args(Fill)
# Of these no sample around a bucket says what happened in it.
UNFILLED = ("increase", "rate", "count", "sd", "starts", "runtime", "held", "integral")


def rows_at(rows: BucketRows, cells: Cells, edges: Times) -> BucketRows:
    """Returns the rows with the sample in force at the start of each bucket as value: `measure=at`.

    That is the newest sample at or before the start, if it is at most its hold old.
    """
    return join(list(_completed(rows, cells, edges, "last")))


def filled(rows: BucketRows, cells: Cells, edges: Times, fill: Fill) -> BucketRows:
    """Returns the rows with a value for each bucket that lacks one and whose start has one by `fill`.

    `last` is the sample in force there. `linear` is the line between the samples before and after it, which
    are at most the hold of the first apart: there is no gap between them.
    """
    parts = _completed(rows, cells, edges, fill)
    lacking = np.isnan(rows.values)
    result = join(list(parts))
    keys, own = (_keys(part, edges) for part in (result, rows[~lacking]))
    return replace(result, is_filled=result.has_value & ~np.isin(keys, own))


def _completed(rows: BucketRows, cells: Cells, edges: Times, fill: Fill) -> Iterator[BucketRows]:
    """Yields the rows of each point, those without a value completed, and rows of further buckets."""
    points = list(_points(cells))
    yield rows[~np.isin(rows.ids, [point.id for point in points])]
    for point in points:
        values = point.at(edges[:-1]) if fill == "last" else point.between(edges[:-1])
        own = rows[rows.ids == point.id]
        buckets = np.searchsorted(edges, own.times)
        yield replace(own, values=np.where(own.has_value, own.values, values[buckets]))
        values[buckets] = np.nan
        further = np.flatnonzero(~np.isnan(values))
        yield rows_of(np.full(len(further), point.id, np.int32), edges, further, values[further])


def _keys(rows: BucketRows, edges: Times) -> Integers:
    return rows.ids.astype(np.int64) * len(edges) + np.searchsorted(edges, rows.times)


@dataclass(frozen=True, slots=True, eq=False)
class _Point:
    """The first and the last sample of each cell of a point, in order of time, and how long each holds."""

    id: int
    times: Times
    values: Values
    holds: Integers

    def at(self, times: Times) -> Values:
        """Returns the sample in force at each time, NaN where there is none."""
        before = np.searchsorted(self.times, times, side="right") - 1
        index = np.maximum(before, 0)
        in_force = (before >= 0) & (times - self.times[index] <= self.holds[index])
        return np.where(in_force, self.values[index], np.nan)

    def between(self, times: Times) -> Values:
        """Returns the line between the samples before and after each time, NaN across a gap."""
        before = np.searchsorted(self.times, times, side="right") - 1
        index, after = np.maximum(before, 0), np.minimum(before + 1, len(self.times) - 1)
        length_ms = self.times[after] - self.times[index]
        has_line = (before >= 0) & (length_ms > 0) & (length_ms <= self.holds[index])
        share = np.where(has_line, times - self.times[index], 0) / np.maximum(1, length_ms)
        first, last = self.values[index], self.values[after]
        line = np.where(first == last, first, first * (1 - share) + last * share)
        return np.where(has_line, line, np.nan)


def _points(cells: Cells) -> Iterator[_Point]:
    """Yields the samples of each point that no other sample of its cell lies before, or after."""
    rows = cells.rows
    edges = np.flatnonzero(np.diff(rows.ids, prepend=-1, append=-1))
    for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        point = slice(begin, end)
        times = _pairs(cells.first_ms[point], cells.last_ms[point])
        values = _pairs(rows.firsts[point], rows.lasts[point])
        holds = np.repeat(cells.hold_ms[point], 2)
        yield _Point(int(rows.ids[begin]), times, values, holds)


def _pairs[T: npt.NDArray[np.int64] | npt.NDArray[np.float64]](first: T, last: T) -> T:
    return np.column_stack([first, last]).ravel()  # type: ignore[return-value]
