"""The bytes of the rollups of one point and day: its hours, and the day itself.

The byte 1 (the version), the number of rows (uint16), then a zstd frame over these columns, which are
little-endian and transposed into byte planes:
    row     uint8: the hour 0 to 23, or 24 for the day, which is the last row
    count   uint32
    mean, min, max, first, last   float64 each

Version 2 is read and not yet written: the byte 2, and further columns of whole bytes a row after these.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

from vitals.errors import BlockFormatError
from vitals.model.aggregates import Aggregates
from vitals.model.timespan import DAY_MS, HOUR_MS

_VERSION = 1
# A reader ships one release before its writer, so that a rollback reads what the release wrote (decision 26).
_READABLE_VERSIONS = (1, 2)
_HEADER = 3
_FLOATS = ("values", "mins", "maxs", "firsts", "lasts")
_ROW_BYTES = 1 + 4 + 8 * len(_FLOATS)
# The row of the day itself comes after the hours 0 to 23.
_DAY_ROW = 24


def encode_day(hours: Aggregates, day: Aggregates) -> bytes:
    """Returns the bytes of the hours of a point and day that have samples, and of the day itself."""
    rows = np.append((hours.times % DAY_MS // HOUR_MS).astype(np.uint8), np.uint8(_DAY_ROW))
    body = rows.tobytes() + _planes(np.append(hours.counts, day.counts).astype("<u4"), 4)
    for name in _FLOATS:
        body += _planes(np.append(getattr(hours, name), getattr(day, name)).astype("<f8"), 8)
    return bytes([_VERSION]) + len(rows).to_bytes(2, "little") + zstandard.compress(body, 9)


def decode_day(payload: bytes, point_id: int, day_ms: int, bucket_ms: int) -> Aggregates:
    """Returns the hours of a point's rollups where `bucket_ms` is an hour, or the day where it is a day."""
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
    return Aggregates(
        ids=ids,
        times=times,
        values=means,
        mins=mins,
        maxs=maxs,
        firsts=firsts,
        lasts=lasts,
        counts=counts,
    )


def day_count(payload: bytes) -> int:
    """Returns how many samples the day of a point's rollups has, without decoding the other columns."""
    n, body = _body(payload)
    if not n or body[n - 1] != _DAY_ROW:
        raise BlockFormatError("the rollups have no row for the day")
    return int.from_bytes(body[2 * n - 1 : 5 * n : n], "little")


def _body(payload: bytes) -> tuple[int, bytes]:
    """Returns the number of rows of a payload, and its columns, of which those of version 1 come first."""
    version = int.from_bytes(payload[:1])
    if version not in _READABLE_VERSIONS:
        raise BlockFormatError(
            f"rollup version {payload[:1].hex() or 'none'} is not supported; expected 01 or 02"
        )
    n = int.from_bytes(payload[1:_HEADER], "little")
    body = zstandard.decompress(payload[_HEADER:], max_output_size=n * _ROW_BYTES)
    surplus = len(body) - n * _ROW_BYTES
    if surplus < 0 or (surplus and (version == 1 or surplus % n)):
        raise BlockFormatError(f"the rollups have {len(body)} bytes for {n} rows; expected {n * _ROW_BYTES}")
    return n, body


def _planes(column: npt.NDArray[np.generic], width: int) -> bytes:
    return column.view(np.uint8).reshape(-1, width).T.tobytes()


def _unplanes(data: bytes, dtype: str) -> npt.NDArray[np.generic]:
    planes = np.frombuffer(data, np.uint8).reshape(np.dtype(dtype).itemsize, -1)
    return np.ascontiguousarray(planes.T).view(dtype).reshape(-1)
