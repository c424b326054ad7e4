"""Samples as columns, and the merge rule: the sample of the later fetch wins."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int32]
Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Three columns of one length: point ids, times in UTC ms, finite float64 values."""

    ids: Ids
    times: Times
    values: Values

    def __len__(self) -> int:
        return len(self.times)

    def __getitem__(self, index: slice | npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> "Samples":
        return Samples(self.ids[index], self.times[index], self.values[index])

    def equals(self, other: "Samples") -> bool:
        """Returns whether both are equal to the bit: -0.0 differs from 0.0."""
        return (
            np.array_equal(self.ids, other.ids)
            and np.array_equal(self.times, other.times)
            and np.array_equal(self.values.view(np.uint64), other.values.view(np.uint64))
        )


def from_columns(ids: Iterable[int], times: Iterable[int], values: Iterable[float]) -> Samples:
    """Returns samples from three iterables of one length."""
    return Samples(np.fromiter(ids, np.int32), np.fromiter(times, np.int64), np.fromiter(values, np.float64))


def concat(parts: Iterable[Samples]) -> Samples:
    """Returns the parts one after the other; nothing is sorted or dropped."""
    parts = list(parts)
    if not parts:
        return from_columns([], [], [])
    if len(parts) == 1:
        return parts[0]
    return Samples(
        np.concatenate([p.ids for p in parts]),
        np.concatenate([p.times for p in parts]),
        np.concatenate([p.values for p in parts]),
    )


def merge(parts: Iterable[Samples]) -> Samples:
    """Returns one sample per (point, time), sorted by both; the last part, the latest fetch, wins."""
    samples = concat(parts)
    if not len(samples):
        return samples
    order = np.lexsort((samples.times, samples.ids))
    ids, times = samples.ids[order], samples.times[order]
    last = np.empty(len(order), np.bool_)
    last[-1] = True
    np.not_equal(ids[1:], ids[:-1], out=last[:-1])
    last[:-1] |= times[1:] != times[:-1]
    return samples[order[last]]
