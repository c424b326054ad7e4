"""Aggregates of samples over buckets of time."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from vitals.model.samples import Ids, Samples, Times, Values
from vitals.model.timespan import DAY_MS, HOUR_MS, WINDOW_MS

BUCKETS = {"5m": WINDOW_MS, "1h": HOUR_MS, "1d": DAY_MS}


@dataclass(frozen=True, slots=True, eq=False)
class Aggregates:
    """Columns of one length, sorted by point id and bucket start (`times`, UTC ms).

    `values` are means, `firsts` and `lasts` the first and last value by time.
    """

    ids: Ids
    times: Times
    values: Values
    mins: Values
    maxs: Values
    firsts: Values
    lasts: Values
    counts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.times)

    def __getitem__(self, index: npt.NDArray[np.bool_] | npt.NDArray[np.intp] | slice) -> "Aggregates":
        return Aggregates(*(getattr(self, field.name)[index] for field in fields(self)))

    def equals(self, other: "Aggregates") -> bool:
        """Returns whether both are equal to the bit."""
        return all(
            getattr(self, field.name).tobytes() == getattr(other, field.name).tobytes()
            for field in fields(self)
        )


def aggregate(samples: Samples, buckets: Times) -> Aggregates:
    """Returns a row per point and bucket, given the start of each sample's bucket.

    `samples` are sorted by point, then time. A row depends only on the samples of its bucket: it is identical
    to the bit from every tier.
    """
    changed = np.zeros(len(samples), np.bool_)
    changed[:1] = True
    changed[1:] = (samples.ids[1:] != samples.ids[:-1]) | (buckets[1:] != buckets[:-1])
    starts = np.flatnonzero(changed)
    if not len(starts):
        return concat([])
    ends = np.append(starts[1:], len(samples))
    counts = ends - starts
    values = samples.values
    mins, maxs = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    return Aggregates(
        ids=samples.ids[starts],
        times=buckets[starts],
        values=bucket_means(values / np.repeat(counts, counts), starts, mins, maxs),
        mins=mins,
        maxs=maxs,
        firsts=values[starts],
        lasts=values[ends - 1],
        counts=counts.astype(np.int64),
    )


def bucket_means(shares: Values, starts: npt.NDArray[np.intp], mins: Values, maxs: Values) -> Values:
    """Returns the mean of each bucket: the sum of its shares, limited to [min, max].

    Shares are values divided by the bucket's count, so that sums of large values do not overflow; by rounding
    a sum may still leave the range of the values, or overflow. `starts` are the buckets' first rows.
    """
    with np.errstate(over="ignore"):
        return np.clip(np.add.reduceat(shares, starts), mins, maxs)


def concat(parts: Iterable[Aggregates]) -> Aggregates:
    """Returns the parts as one, sorted by point, then bucket."""
    rows = join(parts)
    return rows[np.lexsort((rows.times, rows.ids))]


def join(parts: Iterable[Aggregates]) -> Aggregates:
    """Returns the parts one after the other."""
    aggregates = list(parts)
    empty = (np.empty(0, np.int32), np.empty(0, np.int64), *(np.empty(0),) * 5, np.empty(0, np.int64))
    columns: list[Any] = [
        np.concatenate([empty[i], *(getattr(rows, field.name) for rows in aggregates)]).astype(empty[i].dtype)
        for i, field in enumerate(fields(Aggregates))
    ]
    return Aggregates(*columns)


def combine(rows: Aggregates, buckets: Times) -> Aggregates:
    """Returns one row per point and bucket of the rows (sorted), given the start of each row's bucket.

    Means are weighted by count, in order of time.
    """
    changed = np.zeros(len(rows), np.bool_)
    changed[:1] = True
    changed[1:] = (rows.ids[1:] != rows.ids[:-1]) | (buckets[1:] != buckets[:-1])
    starts = np.flatnonzero(changed)
    if not len(starts):
        return rows
    ends = np.append(starts[1:], len(rows))
    total = np.add.reduceat(rows.counts, starts)
    weights = rows.counts / np.repeat(total, ends - starts)
    mins, maxs = np.minimum.reduceat(rows.mins, starts), np.maximum.reduceat(rows.maxs, starts)
    return Aggregates(
        ids=rows.ids[starts],
        times=buckets[starts],
        values=bucket_means(rows.values * weights, starts, mins, maxs),
        mins=mins,
        maxs=maxs,
        firsts=rows.firsts[starts],
        lasts=rows.lasts[ends - 1],
        counts=total,
    )
