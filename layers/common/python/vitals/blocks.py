"""The bytes of a block: the samples of 64 neighbouring points in one five-minute window.

Version 1: the byte 1, then one zstd frame over three columns sorted by slot and time, each transposed into
byte planes: slot as the step from the sample before (uint8), time as the step in ms from the sample before
of the same slot (uint32; the first counts from the window's start), value as its bits XOR those of the
sample before of the same slot (uint64; the first XOR 0). All little-endian. 13 bytes a sample go into zstd.
"""

import threading

import numpy as np
import numpy.typing as npt
import zstandard

from vitals.errors import BlockFormatError
from vitals.samples import Samples, merge
from vitals.timespan import WINDOW_MS

GROUP_SIZE = 64
VERSION = 1
_ROW_BYTES = 13
# Level 9 against 3: 2 % smaller and 60 µs more a block; 19 gains nothing further (bench/size.py).
_LEVEL = 9
# 64 points at one sample a millisecond; anything larger is not ours.
_MAX_BYTES = GROUP_SIZE * WINDOW_MS * _ROW_BYTES


class _Zstd(threading.local):
    """zstd's contexts, one pair per thread: they crash when two threads share one."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False)
        self.decompressor = zstandard.ZstdDecompressor()


_zstd = _Zstd()


def encode(samples: Samples, window_ms: int) -> bytes:
    """The block of samples of one window: ids are slots 0-63; unique, sorted by slot, then time."""
    slots = samples.ids.astype(np.uint8)
    offsets = (samples.times - window_ms).astype(np.uint32)
    bits = samples.values.view(np.uint64)
    first = _first_of_slot(slots)
    slot_steps = np.diff(slots, prepend=np.uint8(0))
    time_steps = offsets.copy()
    time_steps[1:] -= offsets[:-1]
    time_steps[first] = offsets[first]
    value_steps = bits.copy()
    value_steps[1:] ^= bits[:-1]
    value_steps[first] = bits[first]
    body = slot_steps.tobytes() + _planes(time_steps, 4) + _planes(value_steps, 8)
    return bytes([VERSION]) + _zstd.compressor.compress(body)


def decode(payload: bytes, window_ms: int) -> Samples:
    """The samples of a block, ids as slots, sorted by slot, then time."""
    rows = _unpack(payload)
    n = len(rows) // _ROW_BYTES
    slots = np.cumsum(np.frombuffer(rows, np.uint8, n), dtype=np.uint8)
    first = np.flatnonzero(_first_of_slot(slots))
    offsets = _running_sum(_unplanes(rows[n : 5 * n], "<u4").astype(np.int64), first)
    bits = _running_xor(_unplanes(rows[5 * n :], "<u8"), first)
    return Samples(slots.astype(np.int32), offsets + window_ms, bits.view(np.float64))


def pick(payload: bytes, window_ms: int, slots: set[int]) -> Samples:
    """The samples of these slots in a block, as `decode` gives them."""
    found = decode(payload, window_ms)
    wanted = np.zeros(GROUP_SIZE, np.bool_)
    wanted[list(slots)] = True
    return found[wanted[found.ids]]


def last_of_slot(samples: Samples) -> Samples:
    """The last sample of each slot of sorted samples."""
    if not len(samples):
        return samples
    return samples[np.append(samples.ids[1:] != samples.ids[:-1], True)]


def split(samples: Samples) -> dict[tuple[int, int], Samples]:
    """Samples in any order, merged and split by (group, window start), ids as slots: what `encode` takes."""
    if not len(samples):
        return {}
    unique = merge([samples])
    groups, windows = unique.ids // GROUP_SIZE, unique.times - unique.times % WINDOW_MS
    # Stable, so that slot and time stay sorted within each block.
    order = np.lexsort((windows, groups))
    ordered, groups, windows = unique[order], groups[order], windows[order]
    starts = np.flatnonzero(np.append(True, (groups[1:] != groups[:-1]) | (windows[1:] != windows[:-1])))
    ends = np.append(starts[1:], len(ordered))
    slots = Samples(ordered.ids % GROUP_SIZE, ordered.times, ordered.values)
    return {
        (int(groups[a]), int(windows[a])): slots[a:b]
        for a, b in zip(starts.tolist(), ends.tolist(), strict=True)
    }


def _unpack(payload: bytes) -> bytes:
    if not payload or payload[0] != VERSION:
        raise BlockFormatError(
            f"block version {payload[:1].hex() or 'none'}; this version reads {VERSION:02x}"
        )
    try:
        rows = _zstd.decompressor.decompress(payload[1:], max_output_size=_MAX_BYTES)
    except zstandard.ZstdError as error:
        raise BlockFormatError("block body is not a whole zstd frame") from error
    if len(rows) % _ROW_BYTES:
        raise BlockFormatError(f"block body of {len(rows)} bytes is no multiple of {_ROW_BYTES}")
    return rows


def _first_of_slot(slots: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    first = np.ones(len(slots), np.bool_)
    np.not_equal(slots[1:], slots[:-1], out=first[1:])
    return first


def _planes(column: npt.NDArray[np.unsignedinteger], width: int) -> bytes:
    return column.view(np.uint8).reshape(-1, width).T.tobytes()


def _unplanes(data: bytes, dtype: str) -> npt.NDArray[np.unsignedinteger]:
    width = np.dtype(dtype).itemsize
    planes = np.frombuffer(data, np.uint8).reshape(width, -1)
    return np.ascontiguousarray(planes.T).view(dtype).reshape(-1)


def _running_sum(steps: npt.NDArray[np.int64], first: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    total = np.cumsum(steps)
    lengths = np.diff(first, append=len(steps))
    return total - np.repeat(total[first] - steps[first], lengths)


def _running_xor(steps: npt.NDArray[np.uint64], first: npt.NDArray[np.intp]) -> npt.NDArray[np.uint64]:
    total: npt.NDArray[np.uint64] = np.bitwise_xor.accumulate(steps)
    lengths = np.diff(first, append=len(steps))
    return total ^ np.repeat(total[first] ^ steps[first], lengths)
