"""The bytes of the rollups of one point and day: its hours as cells, and the day itself.

The byte 2 (the version), the number of rows (uint16), then a zstd frame over these columns, which are
little-endian and transposed into byte planes:
    row       uint8: the hour 0 to 23, or 24 for the day, which is the last row
    count     uint32
    mean, min, max, first, last   float64 each; the mean of the day is that of its hours, weighted by count
    integral  int64: the bits of value × ms held, less the bits of mean × ms held
    gap       uint32: the ms between the first sample and the end of the last one's hold that no sample holds
    first     uint32: the ms from the start of the hour to its first sample
    last      uint32: the ms from its last sample to the end of the hour
    falls     uint32: samples below the one before in the hour
    bridged   float64: the rise over gaps in the hour
    interval  uint32: the collection interval in seconds that holds come from, 0 when it is unknown
    binary    uint8: whether every sample is 0 or 1
The row of the day has zeros from `integral` on. Version 1, which is still read, ends after `last`.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

from vitals.codec import zstd
from vitals.errors import BlockFormatError
from vitals.model import aggregates
from vitals.model.aggregates import Aggregates
from vitals.model.measures import cells
from vitals.model.measures.cells import Cells, holds_of
from vitals.model.timespan import DAY_MS, HOUR_MS

_VERSION = 2
_HEADER = 3
_FLOATS = ("values", "mins", "maxs", "firsts", "lasts")
_DTYPES = ("<u1", "<u4", *("<f8",) * len(_FLOATS), "<i8", "<u4", "<u4", "<u4", "<u4", "<f8", "<u4", "<u1")
_V1_COLUMNS = 2 + len(_FLOATS)
_OFFSETS = tuple(accumulate((np.dtype(dtype).itemsize for dtype in _DTYPES), initial=0))
_LAYOUT = tuple(zip(_DTYPES, _OFFSETS, strict=False))
_ROW_BYTES = {1: _OFFSETS[_V1_COLUMNS], 2: _OFFSETS[-1]}
# The row of the day itself comes after the hours 0 to 23.
_DAY_ROW = 24

type Column = npt.NDArray[Any]


def encode_day(hours: Cells, interval_s: int | None) -> bytes:
    """Returns the bytes of the hours of a point and UTC day that have samples; there is at least one."""
    rows = hours.rows
    day = aggregates.combine(rows, rows.times - rows.times % DAY_MS)
    columns = [np.append((rows.times % DAY_MS // HOUR_MS).astype(np.uint8), np.uint8(_DAY_ROW))]
    columns += [np.append(getattr(rows, name), getattr(day, name)) for name in ("counts", *_FLOATS)]
    columns += [np.append(column, np.zeros(1, column.dtype)) for column in _of_version_2(hours, interval_s)]
    body = b"".join(_planes(column.astype(dtype)) for column, dtype in zip(columns, _DTYPES, strict=True))
    return bytes([_VERSION]) + len(columns[0]).to_bytes(2, "little") + zstandard.compress(body, 9)


def decode_day(payload: bytes, point_id: int, day_ms: int) -> Cells:
    """Returns the hours of a point's rollups of the day."""
    return decode_days([(day_ms, payload)], point_id)


def decode_days(payloads: Iterable[tuple[int, bytes]], point_id: int) -> Cells:
    """Returns the hours of a point's rollups, given the start and the payload of each day.

    Payloads of equally many rows are decoded together, which takes a tenth of the time.
    """
    groups: dict[tuple[int, int], list[tuple[int, bytes]]] = {}
    for day_ms, payload in payloads:
        version, rows, data = _body(payload)
        groups.setdefault((version, rows), []).append((day_ms, data))
    return cells.concat(
        _decode(point_id, version, rows, days) for (version, rows), days in groups.items() if rows
    )


def _decode(point_id: int, version: int, n: int, days: Sequence[tuple[int, bytes]]) -> Cells:
    """Returns the hours of days whose payloads all have `n` rows."""
    starts = np.array([day_ms for day_ms, _ in days]).reshape(-1, 1)
    data = np.frombuffer(b"".join(data for _, data in days), np.uint8).reshape(len(days), -1)
    columns = [
        _column(data, n, dtype, offset) for dtype, offset in _LAYOUT[: _V1_COLUMNS if version == 1 else None]
    ]
    if (columns[0][:, -1] != _DAY_ROW).any():
        raise BlockFormatError("the rollups have no row for the day")
    times = (starts + columns[0][:, :-1].astype(np.int64) * HOUR_MS).reshape(-1)
    counts, means, mins, maxs, firsts, lasts, *others = (column[:, :-1].reshape(-1) for column in columns[1:])
    rows = Aggregates(
        ids=np.full(len(times), point_id, np.int32),
        times=times,
        values=means,
        mins=mins,
        maxs=maxs,
        firsts=firsts,
        lasts=lasts,
        counts=counts.astype(np.int64),
    )
    return _complete(rows, *others) if others else _incomplete(rows)


def _complete(
    rows: Aggregates,
    integral: Column,
    gap: Column,
    first: Column,
    last: Column,
    falls: Column,
    bridged: Column,
    interval: Column,
    binary: Column,
) -> Cells:
    """Returns the cells of version 2."""
    ends = rows.times + HOUR_MS
    first_ms, last_ms = rows.times + first, ends - last
    holds = holds_of(interval)
    held_ms = np.minimum(last_ms + holds, ends) - first_ms - gap
    return Cells(
        rows=rows,
        ends=ends,
        integrals=(_bits_of_product(rows.values, held_ms) + integral).view(np.float64),
        held_ms=held_ms,
        falls=falls.astype(np.int64),
        bridged=bridged,
        first_ms=first_ms,
        last_ms=last_ms,
        hold_ms=holds,
        is_binary=binary.astype(np.bool_),
        is_complete=np.ones(len(rows), np.bool_),
    )


def day_count(payload: bytes) -> int:
    """Returns how many samples the day of a point's rollups has, without decoding the other columns."""
    _, n, data = _body(payload)
    if not n or data[n - 1] != _DAY_ROW:
        raise BlockFormatError("the rollups have no row for the day")
    return int.from_bytes(data[2 * n - 1 : 5 * n : n], "little")


def _of_version_2(hours: Cells, interval_s: int | None) -> Iterator[Column]:
    rows, ends = hours.rows, hours.ends
    yield hours.integrals.view(np.int64) - _bits_of_product(rows.values, hours.held_ms)
    yield np.minimum(hours.last_ms + hours.hold_ms, ends) - hours.first_ms - hours.held_ms
    yield hours.first_ms - rows.times
    yield ends - hours.last_ms
    yield hours.falls
    yield hours.bridged
    yield np.full(len(hours), interval_s or 0)
    yield hours.is_binary


def _incomplete(rows: Aggregates) -> Cells:
    """Returns the cells of version 1."""
    zeros = np.zeros(len(rows), np.int64)
    return Cells(
        rows=rows,
        ends=rows.times + HOUR_MS,
        integrals=np.zeros(len(rows)),
        held_ms=zeros,
        falls=zeros,
        bridged=np.zeros(len(rows)),
        first_ms=rows.times,
        last_ms=rows.times,
        hold_ms=zeros,
        is_binary=np.zeros(len(rows), np.bool_),
        is_complete=np.zeros(len(rows), np.bool_),
    )


def _body(payload: bytes) -> tuple[int, int, bytes]:
    """Returns the version, the number of rows, and the columns of a payload."""
    version = int.from_bytes(payload[:1])
    if version not in _ROW_BYTES:
        raise BlockFormatError(
            f"rollup version {payload[:1].hex() or 'none'} is not supported; expected 01 or 02"
        )
    n = int.from_bytes(payload[1:_HEADER], "little")
    size = n * _ROW_BYTES[version]
    data = zstd.decompress(memoryview(payload)[_HEADER:], size)
    if len(data) != size:
        raise BlockFormatError(f"the rollups have {len(data)} bytes for {n} rows; expected {size}")
    return version, n, data


def _column(data: npt.NDArray[np.uint8], n: int, dtype: str, offset: int) -> Column:
    """Returns a column of `n` rows of each day; before it are `offset` bytes a row."""
    width = np.dtype(dtype).itemsize
    planes = data[:, offset * n : (offset + width) * n].reshape(-1, width, n)
    return np.ascontiguousarray(planes.swapaxes(1, 2)).view(dtype).reshape(-1, n)


def _bits_of_product(means: Column, held_ms: Column) -> npt.NDArray[np.int64]:
    """Returns the bits of mean × ms held as integers: close to those of the integral."""
    with np.errstate(over="ignore"):
        bits: npt.NDArray[np.int64] = np.nan_to_num(means * held_ms).view(np.int64)
    return bits


def _planes(column: Column) -> bytes:
    return column.view(np.uint8).reshape(-1, column.itemsize).T.tobytes()
