"""The buckets of a measure: what cells say of each, with what the samples before it hold."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from vitals.model import aggregates
from vitals.model.aggregates import Aggregates
from vitals.model.measures.cells import Cells, Flags, Integers, finite_sums
from vitals.model.samples import Ids, Times, Values


@dataclass(frozen=True, slots=True, eq=False)
class BucketTable:
    """The buckets about which cells say something; a key is a point and a bucket, in order of both.

    `stats` has a row for each key whose bucket has samples; `counts` is 0 for the others. A bucket is known
    where every cell in it, or held in it, is complete.
    """

    edges: Times
    keys: Integers
    stats: Aggregates
    counts: Integers
    is_known: Flags
    _carries: tuple[Integers, Times, Integers, Values]

    @classmethod
    def of(cls, cells: Cells, edges: Times) -> Self:
        """Returns the buckets in which these cells have, or hold, a sample."""
        rows = cells.rows
        inside = (rows.times >= edges[0]) & (rows.times < edges[-1])
        stats = aggregates.combine(rows[inside], _bucket_starts(edges, rows.times[inside]))
        sampled = _keys(edges, stats.ids, stats.times)
        carries = _carries(cells, edges)
        keys = np.union1d(sampled, carries[0])
        counts = np.zeros(len(keys), np.int64)
        counts[np.searchsorted(keys, sampled)] = stats.counts
        return cls(edges, keys, stats, counts, ~np.isin(keys, _unknown_keys(cells, edges)), carries)

    @property
    def ids(self) -> Ids:
        """The point of each key."""
        return (self.keys // len(self.edges)).astype(np.int32)

    @property
    def buckets(self) -> Integers:
        """The number of each key's bucket, from 0."""
        return self.keys % len(self.edges)

    @property
    def starts(self) -> Times:
        """When each key's bucket begins."""
        starts: Times = self.edges[self.buckets]
        return starts

    def keys_of(self, ids: Ids, times: Times) -> Integers:
        """Returns the key of each time of a point, -1 outside of the edges."""
        return _keys(self.edges, ids, times)

    def held_signal(self, cells: Cells) -> tuple[Integers, Values]:
        """Returns the ms held in each bucket, and the value × ms held: of the cells, and what they carry."""
        rows = cells.rows
        own = _keys(self.edges, rows.ids, rows.times)
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
        keys = _keys(self.edges, ids, times)
        inside = keys >= 0
        result = np.zeros(len(self.keys))
        with np.errstate(over="ignore", invalid="ignore"):
            np.add.at(result, np.searchsorted(self.keys, keys[inside]), amounts[inside])
        return np.nan_to_num(result)


def _keys(edges: Times, ids: Ids, times: Times) -> Integers:
    buckets = np.searchsorted(edges, times, side="right") - 1
    is_outside = (buckets < 0) | (buckets >= len(edges) - 1)
    return np.where(is_outside, -1, ids.astype(np.int64) * len(edges) + buckets)


def _bucket_starts(edges: Times, times: Times) -> Times:
    return edges[np.searchsorted(edges, times, side="right") - 1]


def _carries(cells: Cells, edges: Times) -> tuple[Integers, Times, Integers, Values]:
    """Returns what the last sample of each cell holds after its end, cut at the edges of the buckets.

    The columns are keys, starts, ms held, and value × ms.
    """
    rows = cells.rows
    starts = np.maximum(cells.ends, edges[0])
    ends = np.minimum(np.minimum(cells.last_ms + cells.hold_ms, _next_ms(cells)), edges[-1])
    index, buckets = _overlaps(edges, starts, np.where(cells.is_complete, ends, starts))
    starts, ends = np.maximum(starts[index], edges[buckets]), np.minimum(ends[index], edges[buckets + 1])
    held_ms = ends - starts
    with np.errstate(over="ignore"):
        products = rows.lasts[index] * held_ms
    return rows.ids[index].astype(np.int64) * len(edges) + buckets, starts, held_ms, products


def _unknown_keys(cells: Cells, edges: Times) -> Integers:
    """Returns the keys of the buckets in which a sample of an incomplete cell is, or may be held."""
    starts = np.maximum(cells.rows.times, edges[0])
    ends = np.minimum(np.minimum(cells.ends - 1 + cells.hold_ms, _next_ms(cells)), edges[-1])
    index, buckets = _overlaps(edges, starts, np.where(cells.is_complete, starts, ends))
    return cells.rows.ids[index].astype(np.int64) * len(edges) + buckets


def _next_ms(cells: Cells) -> Times:
    """Returns when the next cell of the same point has its first sample, the latest time if there is none."""
    ids = cells.rows.ids
    next_ms = np.full(len(ids), np.iinfo(np.int64).max)
    is_same = ids[1:] == ids[:-1]
    next_ms[:-1][is_same] = cells.first_ms[1:][is_same]
    return next_ms


def _overlaps(edges: Times, starts: Times, ends: Times) -> tuple[npt.NDArray[np.intp], Integers]:
    """Returns the buckets that each range overlaps: indexes of the ranges, and the bucket of each.

    The ranges lie within the edges; one that ends before it begins overlaps none.
    """
    first = np.searchsorted(edges, starts, side="right") - 1
    counts = np.where(starts < ends, np.searchsorted(edges, ends, side="left") - first, 0)
    index = np.repeat(np.arange(len(starts)), counts)
    return index, first[index] + np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
