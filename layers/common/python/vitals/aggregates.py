"""Aggregates of samples over buckets of time, and the bytes of a day's rollups."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

from vitals.errors import BlockFormatError
from vitals.samples import Ids, Samples, Times, Values
from vitals.timespan import DAY_MS, HOUR_MS, WINDOW_MS

BUCKETS = {"5m": WINDOW_MS, "1h": HOUR_MS, "1d": DAY_MS}
_VERSION = 1
_HEADER = 3
_FLOATS = ("values", "mins", "maxs", "firsts", "lasts")
_ROW_BYTES = 1 + 4 + 8 * len(_FLOATS)
# The row of the day itself comes after the hours 0 to 23.
_DAY_ROW = 24


@dataclass(frozen=True, slots=True, eq=False)
class Aggregates:
    """Columns of one length, sorted by point id and bucket start (`times`, UTC ms); `values` are means."""

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

    def same(self, other: "Aggregates") -> bool:
        """Equal to the bit."""
        return all(
            getattr(self, field.name).tobytes() == getattr(other, field.name).tobytes()
            for field in fields(self)
        )


def aggregate(samples: Samples, bucket_ms: int) -> Aggregates:
    """One row per point and bucket that has samples; `samples` are sorted by point, then time.

    A row depends on its bucket's samples alone, so it is the same to the bit whichever tier they come from.
    """
    buckets = samples.times - samples.times % bucket_ms
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
        samples.ids[starts],
        buckets[starts],
        summed(values / np.repeat(counts, counts), starts, mins, maxs),
        mins,
        maxs,
        values[starts],
        values[ends - 1],
        counts.astype(np.int64),
    )


def summed(shares: Values, starts: npt.NDArray[np.intp], mins: Values, maxs: Values) -> Values:
    """Means, as the sums of values that were divided before, so that large ones do not overflow.

    Rounding may leave the range of the values, and of the largest doubles overflow after all.
    """
    with np.errstate(over="ignore"):
        return np.clip(np.add.reduceat(shares, starts), mins, maxs)


def concat(parts: Iterable[Aggregates]) -> Aggregates:
    """The parts as one, sorted by point, then bucket."""
    parts = list(parts)
    empty = (np.empty(0, np.int32), np.empty(0, np.int64), *(np.empty(0),) * 5, np.empty(0, np.int64))
    columns: list[Any] = [
        np.concatenate([empty[i], *(getattr(part, field.name) for part in parts)]).astype(empty[i].dtype)
        for i, field in enumerate(fields(Aggregates))
    ]
    every = Aggregates(*columns)
    return every[np.lexsort((every.times, every.ids))]


def encode_day(hours: Aggregates, day: Aggregates) -> bytes:
    """The rollups of one point and day: its hours, and the day itself.

    The byte 1, the number of rows (uint16), then a zstd frame: row (uint8: hour 0 to 23, or 24 for the day),
    count (uint32), then mean, min, max, first and last (float64), the bytes of each column as planes.
    """
    rows = np.append((hours.times % DAY_MS // HOUR_MS).astype(np.uint8), np.uint8(_DAY_ROW))
    body = rows.tobytes() + _planes(np.append(hours.counts, day.counts).astype("<u4"), 4)
    for name in _FLOATS:
        body += _planes(np.append(getattr(hours, name), getattr(day, name)).astype("<f8"), 8)
    return bytes([_VERSION]) + len(rows).to_bytes(2, "little") + zstandard.compress(body, 9)


def decode_day(payload: bytes, point_id: int, day_ms: int, bucket_ms: int) -> Aggregates:
    """The hours (`bucket_ms` an hour) or the day itself (a day) of a point's rollups."""
    n, body = _body(payload)
    rows = np.frombuffer(body, np.uint8, n)
    wanted = rows == _DAY_ROW if bucket_ms == DAY_MS else rows != _DAY_ROW
    counts = _unplanes(body[n : 5 * n], "<u4")[wanted].astype(np.int64)
    floats: list[Any] = [
        _unplanes(body[n * (5 + 8 * i) : n * (13 + 8 * i)], "<f8")[wanted] for i in range(len(_FLOATS))
    ]
    times = day_ms + np.where(rows[wanted] == _DAY_ROW, 0, rows[wanted].astype(np.int64) * HOUR_MS)
    means, mins, maxs, firsts, lasts = floats
    ids = np.full(len(times), point_id, np.int32)
    return Aggregates(ids, times, means, mins, maxs, firsts, lasts, counts)


def day_count(payload: bytes) -> int:
    """How many samples the day of a point's rollups has, without decoding its other columns."""
    n, body = _body(payload)
    if not n or body[n - 1] != _DAY_ROW:
        raise BlockFormatError("rollups without a row of the day")
    return int.from_bytes(body[2 * n - 1 : 5 * n : n], "little")


def _body(payload: bytes) -> tuple[int, bytes]:
    """The number of rows of a payload, and its columns."""
    if payload[:1] != bytes([_VERSION]):
        raise BlockFormatError(
            f"rollup version {payload[:1].hex() or 'none'}; this version reads {_VERSION:02x}"
        )
    n = int.from_bytes(payload[1:_HEADER], "little")
    body = zstandard.decompress(payload[_HEADER:], max_output_size=n * _ROW_BYTES)
    if len(body) != n * _ROW_BYTES:
        raise BlockFormatError(f"rollups of {n} rows have {len(body)} bytes")
    return n, body


def _planes(column: npt.NDArray[np.generic], width: int) -> bytes:
    return column.view(np.uint8).reshape(-1, width).T.tobytes()


def _unplanes(data: bytes, dtype: str) -> npt.NDArray[np.generic]:
    planes = np.frombuffer(data, np.uint8).reshape(np.dtype(dtype).itemsize, -1)
    return np.ascontiguousarray(planes.T).view(dtype).reshape(-1)
