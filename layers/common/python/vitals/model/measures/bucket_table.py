"""The buckets of a measure: what cells say of each, with what the samples before it hold."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from vitals.model import aggregates
from vitals.model.aggregates import Aggregates
from vitals.model.measures.buckets import Buckets
from vitals.model.measures.cells import Cells, Flags, Integers, finite_sums
from vitals.model.samples import Ids, Times, Values


@dataclass(frozen=True, slots=True, eq=False)
class BucketTable:
    """The buckets about which cells say something; a key is a point and a bucket, in order of both.

    `stats` has a row for each key whose bucket has samples; `counts` is 0 for the others. A bucket is known
    where every cell in it, or held in it, is complete.
    """

    grid: Buckets
    keys: Integers
    stats: Aggregates
    counts: Integers
    is_known: Flags
    _carries: tuple[Integers, Times, Integers, Values]

    @classmethod
    def of(cls, cells: Cells, grid: Buckets) -> Self:
        """Returns the buckets in which these cells have, or hold, a sample; each cell is within one slot."""
        rows = cells.rows
        numbers = grid.numbers_of(rows.times)
        inside = numbers >= 0
        stats = aggregates.combine(rows[inside], grid.edges[numbers[inside]])
        sampled = _keys(grid, stats.ids, np.searchsorted(grid.edges, stats.times))
        carries = _carries(cells, grid)
        keys = np.union1d(sampled, carries[0])
        counts = np.zeros(len(keys), np.int64)
        counts[np.searchsorted(keys, sampled)] = stats.counts
        return cls(grid, keys, stats, counts, ~np.isin(keys, _unknown_keys(cells, grid)), carries)

    @property
    def ids(self) -> Ids:
        """The point of each key."""
        return (self.keys // len(self.grid.edges)).astype(np.int32)

    @property
    def buckets(self) -> Integers:
        """The number of each key's bucket, from 0."""
        return self.keys % len(self.grid.edges)

    @property
    def starts(self) -> Times:
        """When each key's bucket begins."""
        starts: Times = self.grid.edges[self.buckets]
        return starts

    def keys_of(self, ids: Ids, times: Times) -> Integers:
        """Returns the key of each time of a point, -1 for none."""
        return self.grid.keys(ids, times)

    def held_signal(self, cells: Cells) -> tuple[Integers, Values]:
        """Returns the ms held in each bucket, and the value × ms held: of the cells, and what they carry."""
        rows = cells.rows
        own = self.grid.keys(rows.ids, rows.times)
        inside = own >= 0
        keys, times, held_ms, integrals = (
            np.concatenate([carried, column[inside]])
            for carried, column in zip(
                self._carries, (own, rows.times, cells.held_ms, cells.integrals), strict=True
            )
        )
        order = np.lexsort((times, keys))
        starts = np.searchsorted(keys[order], self.keys)
        if not len(starts):
            return np.empty(0, np.int64), np.empty(0)
        return np.add.reduceat(held_ms[order], starts), finite_sums(integrals[order], starts)

    def sums(self, ids: Ids, times: Times, amounts: Values) -> Values:
        """Returns the sum of the amounts in each bucket; 0 where there is none."""
        keys = self.grid.keys(ids, times)
        inside = keys >= 0
        result = np.zeros(len(self.keys))
        with np.errstate(over="ignore", invalid="ignore"):
            np.add.at(result, np.searchsorted(self.keys, keys[inside]), amounts[inside])
        return np.nan_to_num(result)


def _keys(grid: Buckets, ids: Ids, buckets: Integers | npt.NDArray[np.intp]) -> Integers:
    return ids.astype(np.int64) * len(grid.edges) + buckets


def _carries(cells: Cells, grid: Buckets) -> tuple[Integers, Times, Integers, Values]:
    """Returns what the last sample of each cell holds after its end, cut at the edges of slots.

    The columns are keys, starts, ms held, and value × ms.
    """
    rows, edges = cells.rows, grid.edges
    starts = np.maximum(cells.ends, edges[0])
    ends = np.minimum(np.minimum(cells.last_ms + cells.hold_ms, _next_ms(cells)), edges[-1])
    carried = grid.overlaps(starts, np.where(cells.is_complete, ends, starts))
    held_ms = carried.ends - carried.starts
    with np.errstate(over="ignore"):
        products = rows.lasts[carried.index] * held_ms
    return _keys(grid, rows.ids[carried.index], carried.buckets), carried.starts, held_ms, products


def _unknown_keys(cells: Cells, grid: Buckets) -> Integers:
    """Returns the keys of the buckets in which a sample of an incomplete cell is, or may be held."""
    edges = grid.edges
    starts = np.maximum(cells.rows.times, edges[0])
    ends = np.minimum(np.minimum(cells.ends - 1 + cells.hold_ms, _next_ms(cells)), edges[-1])
    unknown = grid.overlaps(starts, np.where(cells.is_complete, starts, ends))
    return _keys(grid, cells.rows.ids[unknown.index], unknown.buckets)


def _next_ms(cells: Cells) -> Times:
    """Returns when the next cell of the same point has its first sample, the latest time if there is none."""
    ids = cells.rows.ids
    next_ms = np.full(len(ids), np.iinfo(np.int64).max)
    is_same = ids[1:] == ids[:-1]
    next_ms[:-1][is_same] = cells.first_ms[1:][is_same]
    return next_ms
