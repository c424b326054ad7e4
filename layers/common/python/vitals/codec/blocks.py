"""The bytes of a block: the samples of 64 neighbouring points in one five-minute window.

Version 1: the byte 1, then one zstd frame, all little-endian, over
    n       uint32, how many samples
    slots   n × uint8, the step from the sample before; samples are sorted by slot, then time
    times   n × uint32, ms since the sample before of the slot, or since the window's start
    values  n × uint64, what differs from the sample before of the slot, or from nothing
    forms   uint8 per slot that occurs: what `values` stands for there
with the bytes of times and values transposed into planes. The forms, the first that fits every value of the
slot to the bit (scaled integers are zigzag steps, bits are XOR):
    2 + k   m / 10**k            a decimal number, as most gateways write readings
    8 + k   float32(m / 10**k)   the same, through a BACnet REAL
    1       a float32's bits
    0       a float64's bits
"""

import threading
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import zstandard

from vitals.errors import BlockFormatError
from vitals.model.samples import Samples, concat, merge
from vitals.model.timespan import WINDOW_MS

GROUP_SIZE = 64
VERSION = 1
_FLOAT64, _FLOAT32, _DECIMAL, _FLOAT32_DECIMAL = 0, 1, 2, 8
_DIGITS = range(4)
_LAST_FORM = _FLOAT32_DECIMAL + _DIGITS[-1]
_EXACT = 2.0**53
# Level 9 against 3: 6 % smaller for 0.1 ms a block; 19 gains 2 % more for 0.7 ms (docs/decisions/0002).
_LEVEL = 9
_HEADER, _ROW_BYTES = 4, 13
# 64 points at one sample a millisecond; anything larger is not ours.
_MAX_BYTES = _HEADER + GROUP_SIZE * (WINDOW_MS * _ROW_BYTES + 1)

type _Bits = npt.NDArray[np.uint64]
type _Starts = npt.NDArray[np.intp]


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
    starts = _starts(slots)
    time_steps = offsets.copy()
    time_steps[1:] -= offsets[:-1]
    time_steps[starts] = offsets[starts]
    forms, value_steps = _value_steps(samples.values, starts)
    body = (
        np.uint32(len(samples)).tobytes()
        + np.diff(slots, prepend=np.uint8(0)).tobytes()
        + time_steps.view(np.uint8).reshape(-1, 4).T.tobytes()
        + value_steps.view(np.uint8).reshape(-1, 8).T.tobytes()
        + forms.tobytes()
    )
    return bytes([VERSION]) + _zstd.compressor.compress(body)


def decode(payload: bytes, window_ms: int) -> Samples:
    """The samples of a block, ids as slots, sorted by slot, then time."""
    return decode_many([payload], [window_ms], range(GROUP_SIZE))


def decode_many(payloads: Sequence[bytes], windows_ms: Sequence[int], slots: Sequence[int]) -> Samples:
    """The samples of these slots in several blocks, block after block, each as `decode` gives it."""
    if not payloads:
        return concat([])
    parts = [_Columns(payload) for payload in payloads]
    counts = np.array([part.count for part in parts])
    every_slot = np.concatenate([np.cumsum(part.slot_steps, dtype=np.uint8) for part in parts])
    every_window = np.repeat(np.array(windows_ms, np.int64), counts)
    every_form = np.concatenate([part.form_of_row() for part in parts])
    wanted = np.zeros(GROUP_SIZE, np.bool_)
    wanted[list(slots)] = True
    rows = np.flatnonzero(wanted[every_slot])
    # Slots are kept or left out whole, so what is left still starts where a slot or a block starts.
    found, windows = every_slot[rows], every_window[rows]
    starts = _starts(found, windows)
    time_steps = _column([part.times for part in parts], rows, "<u4").astype(np.int64)
    value_steps = _column([part.values for part in parts], rows, "<u8")
    times = windows + _running_sum(time_steps, starts)
    return Samples(found.astype(np.int32), times, _values(every_form[rows], value_steps, starts))


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
    starts = _starts(groups, windows).tolist()
    slots = Samples(ordered.ids % GROUP_SIZE, ordered.times, ordered.values)
    return {
        (int(groups[a]), int(windows[a])): slots[a:b]
        for a, b in zip(starts, [*starts[1:], len(ordered)], strict=True)
    }


class _Columns:
    """The columns of one block, unpacked and still in steps."""

    def __init__(self, payload: bytes) -> None:
        body = _unpack(payload)
        n = self.count = int(np.frombuffer(body, "<u4", 1)[0])
        if len(body) < _HEADER + n * _ROW_BYTES:
            raise BlockFormatError(f"block of {n} samples has only {len(body)} bytes")
        bytes_ = np.frombuffer(body, np.uint8)[_HEADER:]
        self.slot_steps = bytes_[:n]
        self.times = bytes_[n : 5 * n].reshape(4, n)
        self.values = bytes_[5 * n : 13 * n].reshape(8, n)
        self.forms = bytes_[13 * n :]
        self._starts = np.flatnonzero(self.slot_steps[1:]) + 1 if n else np.empty(0, np.intp)
        if len(self.forms) != (len(self._starts) + 1 if n else 0) or (self.forms > _LAST_FORM).any():
            raise BlockFormatError("block has not one known form per slot")
        if int(self.slot_steps.sum(dtype=np.int64)) >= GROUP_SIZE:
            raise BlockFormatError(f"block has slots beyond {GROUP_SIZE - 1}")

    def form_of_row(self) -> npt.NDArray[np.uint8]:
        edges = np.concatenate(([0], self._starts, [self.count]))
        return np.repeat(self.forms, np.diff(edges)) if self.count else self.forms


def _unpack(payload: bytes) -> bytes:
    if not payload or payload[0] != VERSION:
        raise BlockFormatError(
            f"block version {payload[:1].hex() or 'none'}; this version reads {VERSION:02x}"
        )
    try:
        body = _zstd.decompressor.decompress(payload[1:], max_output_size=_MAX_BYTES)
    except zstandard.ZstdError as error:
        raise BlockFormatError("block body is not a whole zstd frame") from error
    if len(body) < _HEADER:
        raise BlockFormatError(f"block body has only {len(body)} bytes")
    return body


def _column(
    planes: Sequence[npt.NDArray[np.uint8]], rows: npt.NDArray[np.intp], dtype: str
) -> npt.NDArray[np.unsignedinteger]:
    chosen = np.concatenate(planes, axis=1)[:, rows]
    return np.ascontiguousarray(chosen.T).view(dtype).reshape(-1)


def _value_steps(values: npt.NDArray[np.float64], starts: _Starts) -> tuple[npt.NDArray[np.uint8], _Bits]:
    """The form of each slot, and each value's step in that form."""
    lengths = np.diff(starts, append=len(values))
    bits = values.view(np.uint64)
    forms = np.full(len(starts), _FLOAT64, np.uint8)
    scaled = bits.copy()
    left = np.ones(len(starts), np.bool_)

    def use(form: int, meant: npt.NDArray[np.float64], stored: _Bits) -> None:
        fits = left & np.logical_and.reduceat(meant.view(np.uint64) == bits, starts)
        if fits.any():
            forms[fits] = form
            left[fits] = False
            np.copyto(scaled, stored, where=np.repeat(fits, lengths))

    if len(values):
        with np.errstate(over="ignore"):
            for digits in _DIGITS:
                numbers = np.rint(values * 10.0**digits)
                # Outside of what a float64 counts exactly, a zero stands in, which fits only zeros.
                numbers[~(np.abs(numbers) < _EXACT)] = 0
                stored = numbers.astype(np.int64).view(np.uint64)
                meant = numbers / 10.0**digits + 0.0
                use(_DECIMAL + digits, meant, stored)
                use(_FLOAT32_DECIMAL + digits, meant.astype(np.float32).astype(np.float64), stored)
            single = values.astype(np.float32)
        use(_FLOAT32, single.astype(np.float64), single.view(np.uint32).astype(np.uint64))
    return forms, _steps(scaled, np.repeat(forms >= _DECIMAL, lengths), starts)


def _steps(scaled: _Bits, integer: npt.NDArray[np.bool_], starts: _Starts) -> _Bits:
    before = np.concatenate((np.zeros(min(1, len(scaled)), np.uint64), scaled[:-1]))
    before[starts] = 0
    step = (scaled - before).view(np.int64)
    zigzag = ((step << 1) ^ (step >> 63)).view(np.uint64)
    return np.where(integer, zigzag, scaled ^ before)


def _values(
    forms: npt.NDArray[np.uint8], steps: npt.NDArray[np.unsignedinteger], starts: _Starts
) -> npt.NDArray[np.float64]:
    """What the steps stand for; `forms` holds one form per row."""
    values = _running_xor(steps, starts).view(np.float64)
    if (single := forms == _FLOAT32).any():
        values[single] = values.view(np.uint64)[single].astype(np.uint32).view(np.float32)
    if (integer := forms >= _DECIMAL).any():
        zigzag = steps.astype(np.uint64)
        numbers = _running_sum((zigzag >> 1).view(np.int64) ^ -(zigzag & 1).view(np.int64), starts)[integer]
        through_single = forms[integer] >= _FLOAT32_DECIMAL
        digits = forms[integer] - np.where(through_single, _FLOAT32_DECIMAL, _DECIMAL)
        meant = numbers / 10.0**digits
        meant[through_single] = meant[through_single].astype(np.float32)
        values[integer] = meant
    return values


def _starts(*columns: npt.NDArray[np.generic]) -> _Starts:
    """Where any column differs from the row before; the first row does."""
    changed = np.zeros(len(columns[0]), np.bool_)
    changed[:1] = True
    for column in columns:
        changed[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(changed)


def _running_sum(steps: npt.NDArray[np.int64], starts: _Starts) -> npt.NDArray[np.int64]:
    total = np.cumsum(steps)
    lengths = np.diff(starts, append=len(steps))
    return total - np.repeat(total[starts] - steps[starts], lengths)


def _running_xor(steps: npt.NDArray[np.unsignedinteger], starts: _Starts) -> _Bits:
    total: _Bits = np.bitwise_xor.accumulate(steps.astype(np.uint64))
    lengths = np.diff(starts, append=len(steps))
    base: _Bits = np.repeat(total[starts] ^ steps[starts], lengths)
    return total ^ base
