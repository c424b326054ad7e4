"""Samples as columns, and the merge rule: the sample of the later fetch wins."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int32]
Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

# Runs of fewer samples of one point are sorted sooner than they are moved.
_LONG_RUN = 100


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
    parts = [part for part in parts if len(part)]
    samples = _by_point(parts) if len(parts) > 1 else concat(parts)
    if _ascend(samples):
        return samples
    order = np.lexsort((samples.times, samples.ids))
    ids, times = samples.ids[order], samples.times[order]
    last = np.empty(len(order), np.bool_)
    last[-1] = True
    np.not_equal(ids[1:], ids[:-1], out=last[:-1])
    last[:-1] |= times[1:] != times[:-1]
    return samples[order[last]]


def _by_point(parts: Sequence[Samples]) -> Samples:
    """Returns the parts, at least two, with the samples of each point together, otherwise in their order.

    Parts that follow each other in time are then sorted, which is most of what is merged.
    """
    starts = [np.append(0, np.flatnonzero(part.ids[1:] != part.ids[:-1]) + 1) for part in parts]
    if sum(map(len, starts)) * _LONG_RUN > sum(map(len, parts)):
        samples = concat(parts)
        return samples if _ascend(samples) else samples[samples.ids.argsort(kind="stable")]
    runs = [
        (int(part.ids[begin]), number, begin, end)
        for number, (part, begins) in enumerate(zip(parts, starts, strict=True))
        for begin, end in pairwise([*begins.tolist(), len(part)])
    ]
    return concat(parts[number][begin:end] for _, number, begin, end in sorted(runs))


def _ascend(samples: Samples) -> bool:
    """Returns whether the samples are sorted by point, then time, each pair of both once."""
    ids, times = samples.ids, samples.times
    return bool(((ids[1:] > ids[:-1]) | ((ids[1:] == ids[:-1]) & (times[1:] > times[:-1]))).all())
