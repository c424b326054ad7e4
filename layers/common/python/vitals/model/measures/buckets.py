"""Buckets as measures count in them: between their edges, within the operating hours."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from vitals.model.measures.cells import Flags, Integers
from vitals.model.measures.hours import OperatingHours
from vitals.model.samples import Ids, Times
from vitals.model.timespan import Span


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """Buckets between `edges`, cut into slots between `cuts`; `numbers` has the bucket of each slot.

    A slot outside of the operating hours is in no bucket: -1. Keys are points and buckets, in order of both.
    """

    edges: Times
    cuts: Times
    numbers: Integers

    @classmethod
    def of(cls, edges: Times, hours: OperatingHours | None = None) -> Self:
        """Returns the buckets between these edges, within the hours if there are any."""
        if hours is None:
            return cls(edges, edges, np.arange(len(edges) - 1))
        cuts = np.union1d(edges, hours.edges(Span(int(edges[0]), int(edges[-1]))))
        numbers = np.searchsorted(edges, cuts[:-1], side="right") - 1
        return cls(edges, cuts, np.where(hours.contain(cuts[:-1]), numbers, -1))

    def numbers_of(self, times: Times) -> Integers:
        """Returns the bucket of each time, -1 for none."""
        slots = np.searchsorted(self.cuts, times, side="right") - 1
        is_inside = (slots >= 0) & (slots < len(self.numbers))
        if not len(self.numbers):
            return np.full(len(times), -1)
        return np.where(is_inside, self.numbers[np.where(is_inside, slots, 0)], -1)

    def keys(self, ids: Ids, times: Times) -> Integers:
        """Returns the key of each time of a point, -1 for none."""
        numbers = self.numbers_of(times)
        return np.where(numbers < 0, -1, ids.astype(np.int64) * len(self.edges) + numbers)

    def overlaps(self, starts: Times, ends: Times) -> "Overlaps":
        """Returns where ranges overlap slots of buckets; one that ends before it begins overlaps none.

        The ranges lie within the edges.
        """
        first = np.searchsorted(self.cuts, starts, side="right") - 1
        counts = np.where(starts < ends, np.searchsorted(self.cuts, ends, side="left") - first, 0)
        index = np.repeat(np.arange(len(starts)), counts)
        slots = first[index] + np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)
        is_open: Flags = self.numbers[slots] >= 0
        index, slots = index[is_open], slots[is_open]
        return Overlaps(
            index=index,
            buckets=self.numbers[slots],
            starts=np.maximum(starts[index], self.cuts[slots]),
            ends=np.minimum(ends[index], self.cuts[slots + 1]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Overlaps:
    """Columns of one length: the index of a range, a bucket that it overlaps, and the time they share."""

    index: npt.NDArray[np.intp]
    buckets: Integers
    starts: Times
    ends: Times
