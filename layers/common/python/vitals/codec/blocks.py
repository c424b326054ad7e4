"""The bytes of a block: the samples of 64 neighbouring points in one five-minute window.

Version 1: the byte 1, then one zstd frame over these columns, each little-endian; n is the number of samples,
which are sorted by slot (0 to 63), then time:
    n       uint32
    slots   n × uint8    the difference from the slot of the sample before
    times   n × uint32   ms since the sample before of the same slot, or since the window's start
    values  n × uint64   the difference from the value before of the same slot, or from zero
    forms   uint8 per slot that occurs: what the values of the slot are stored as
The bytes of times and values are transposed into planes. A slot has the first form that gives each of its
values back to the bit, where m is an integer; differences of integers are zigzag, those of bits are XOR:
    2 + k   m / 10**k            a decimal number, as most gateways write readings; k is 0 to 3
    8 + k   float32(m / 10**k)   the same, through a BACnet REAL
    1       the bits of a float32
    0       the bits of a float64
The decimal forms are tried in the order 2, 8, 3, 9, 4, 10, 5, 11.
"""

import threading
from collections.abc import Iterator, Sequence

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
_SCALES = np.array([[10.0**digits] for digits in _DIGITS])
# So few values are tried with all scales at once: the calls of numpy take longer than what they compute.
_FEW = 500
_EXACT = 2.0**53
# Level 9 is 6 % smaller than 3 for 0.1 ms a block; 19 gains 2 % more for 0.7 ms (docs/decisions/0002).
_LEVEL = 9
_HEADER, _ROW_BYTES = 4, 13
# 64 points with one sample a millisecond; no block is larger.
_MAX_BYTES = _HEADER + GROUP_SIZE * (WINDOW_MS * _ROW_BYTES + 1)

type _Bits = npt.NDArray[np.uint64]
type _Starts = npt.NDArray[np.intp]


class _Zstd(threading.local):
    """A pair of zstd contexts per thread; threads must not share one."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False)
        self.decompressor = zstandard.ZstdDecompressor()


_zstd = _Zstd()


def encode(samples: Samples, window_ms: int) -> bytes:
    """Returns the block of the samples of one window.

    The ids are slots, 0 to 63; the samples are unique and sorted by slot, then time.
    """
    slots = samples.ids.astype(np.uint8)
    offsets = (samples.times - window_ms).astype(np.uint32)
    starts = _starts(slots)
    slot_steps, time_steps = slots.copy(), offsets.copy()
    slot_steps[1:] -= slots[:-1]
    time_steps[1:] -= offsets[:-1]
    time_steps[starts] = offsets[starts]
    forms, value_steps = _value_steps(samples.values, starts)
    body = (
        np.uint32(len(samples)).tobytes()
        + slot_steps.tobytes()
        + time_steps.view(np.uint8).reshape(-1, 4).T.tobytes()
        + value_steps.view(np.uint8).reshape(-1, 8).T.tobytes()
        + forms.tobytes()
    )
    return bytes([VERSION]) + _zstd.compressor.compress(body)


def decode(payload: bytes, window_ms: int) -> Samples:
    """Returns the samples of a block, ids as slots, sorted by slot, then time."""
    return decode_many([payload], [window_ms], range(GROUP_SIZE))


def decode_many(payloads: Sequence[bytes], windows_ms: Sequence[int], slots: Sequence[int]) -> Samples:
    """Returns the samples of some slots of several blocks, block after block, each as `decode` does."""
    if not payloads:
        return concat([])
    columns = [_Columns(payload) for payload in payloads]
    counts = np.array([block.count for block in columns], np.intp)
    all_slots, all_forms = _slots_and_forms(columns, counts)
    all_blocks = np.arange(len(columns)).repeat(counts)
    is_requested = np.zeros(GROUP_SIZE, np.bool_)
    is_requested[list(slots)] = True
    rows = is_requested[all_slots].nonzero()[0]
    # A slot is selected whole, so the selected rows start where a slot or a block starts.
    row_slots, row_blocks = all_slots[rows], all_blocks[rows]
    starts = _starts(row_slots, row_blocks)
    time_steps = _column([block.times for block in columns], rows, "<u4").astype(np.int64)
    value_steps = _column([block.values for block in columns], rows, "<u8")
    times = np.array(windows_ms, np.int64)[row_blocks] + _running_sum(time_steps, starts)
    return Samples(row_slots.astype(np.int32), times, _values(all_forms[rows], value_steps, starts))


def last_of_slot(samples: Samples) -> Samples:
    """Returns the last sample of each slot of sorted samples."""
    if not len(samples):
        return samples
    return samples[np.append(samples.ids[1:] != samples.ids[:-1], True)]


def split(samples: Samples) -> dict[tuple[int, int], Samples]:
    """Returns the samples (in any order) merged, by (group, window start), in the form of `encode`."""
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
        (int(groups[begin]), int(windows[begin])): slots[begin:end]
        for begin, end in zip(starts, [*starts[1:], len(ordered)], strict=True)
    }


class _Columns:
    """The columns of one block, decompressed; slots, times and values are still differences."""

    def __init__(self, payload: bytes) -> None:
        body = _unpack(payload)
        n = self.count = int(np.frombuffer(body, "<u4", 1)[0])
        if len(body) < _HEADER + n * _ROW_BYTES:
            raise BlockFormatError(
                f"the block has {len(body)} bytes; {n} samples take {_HEADER + n * _ROW_BYTES} or more"
            )
        columns = np.frombuffer(body, np.uint8)[_HEADER:]
        self.slot_steps = columns[:n]
        self.times = columns[n : 5 * n].reshape(4, n)
        self.values = columns[5 * n : 13 * n].reshape(8, n)
        self.forms = columns[13 * n :]
        # The first sample has a slot of its own, and each later one whose slot is not that of the one before.
        slots = min(n, 1) + np.count_nonzero(self.slot_steps[1:])
        if len(self.forms) != slots or max(self.forms.tobytes(), default=0) > _LAST_FORM:
            raise BlockFormatError("the block does not have one valid form per slot")
        if int(np.add.reduce(self.slot_steps, dtype=np.int64)) >= GROUP_SIZE:
            raise BlockFormatError(f"the block has a slot above {GROUP_SIZE - 1}")


def _slots_and_forms(
    columns: Sequence[_Columns], counts: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Returns the slot and the form of each row of some blocks with these numbers of rows."""
    steps = np.concatenate([block.slot_steps for block in columns])
    starts = (counts.cumsum() - counts)[counts > 0]
    is_start = steps != 0
    is_start[starts] = True
    slot_starts = is_start.nonzero()[0]
    forms = np.concatenate([block.forms for block in columns])
    # The sums wrap around, and so do their differences.
    total = steps.cumsum(dtype=np.uint8)
    slots = total - (total[starts] - steps[starts]).repeat(_lengths(starts, len(steps)))
    return slots, forms.repeat(_lengths(slot_starts, len(steps)))


def _unpack(payload: bytes) -> bytes:
    if not payload or payload[0] != VERSION:
        raise BlockFormatError(
            f"block version {payload[:1].hex() or 'none'} is not supported; expected {VERSION:02x}"
        )
    try:
        body = _zstd.decompressor.decompress(payload[1:], max_output_size=_MAX_BYTES)
    except zstandard.ZstdError as error:
        raise BlockFormatError("the block is not a whole zstd frame") from error
    if len(body) < _HEADER:
        raise BlockFormatError(f"the block has {len(body)} bytes; expected {_HEADER} or more")
    return body


def _column(
    planes: Sequence[npt.NDArray[np.uint8]], rows: npt.NDArray[np.intp], dtype: str
) -> npt.NDArray[np.unsignedinteger]:
    selected = np.concatenate(planes, axis=1)[:, rows]
    return np.ascontiguousarray(selected.T).view(dtype).reshape(-1)


def _value_steps(values: npt.NDArray[np.float64], starts: _Starts) -> tuple[npt.NDArray[np.uint8], _Bits]:
    """Returns the form of each slot, and the step of each value in that form."""
    lengths = _lengths(starts, len(values))
    bits = values.view(np.uint64)
    forms = np.full(len(starts), _FLOAT64, np.uint8)
    undecided = np.ones(len(starts), np.bool_)
    stored = bits.copy()
    with np.errstate(over="ignore"):
        for form, matches, numbers in _candidates(values, starts) if len(values) else ():
            fits = undecided & matches
            if np.count_nonzero(fits):
                forms[fits] = form
                undecided[fits] = False
                np.copyto(stored, numbers, where=fits.repeat(lengths))
                if not np.count_nonzero(undecided):
                    break
    return forms, _steps(stored, (forms >= _DECIMAL).repeat(lengths), starts)


def _candidates(
    values: npt.NDArray[np.float64], starts: _Starts
) -> Iterator[tuple[int, npt.NDArray[np.bool_], _Bits]]:
    """Yields, in order of preference, a form, the slots whose values it gives back, and what it stores."""
    bits = values.view(np.uint64)

    def matches(meant: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        equal = meant.view(np.uint64) == bits
        return np.logical_and.reduceat(equal, starts, axis=-1)

    at_once = len(_DIGITS) if len(values) <= _FEW else 1
    for first in _DIGITS[::at_once]:
        scales = _SCALES[first : first + at_once]
        numbers = np.rint(values * scales)
        # An integer that a float64 cannot represent exactly is replaced by zero, which only fits zeros.
        numbers[~(np.abs(numbers) < _EXACT)] = 0
        stored = numbers.astype(np.int64).view(np.uint64)
        meant = numbers / scales + 0.0
        decimal, through_single = matches(meant), matches(meant.astype(np.float32).astype(np.float64))
        for row in range(at_once):
            yield _DECIMAL + first + row, decimal[row], stored[row]
            yield _FLOAT32_DECIMAL + first + row, through_single[row], stored[row]
    single = values.astype(np.float32)
    yield _FLOAT32, matches(single.astype(np.float64)), single.view(np.uint32).astype(np.uint64)


def _steps(scaled: _Bits, integer: npt.NDArray[np.bool_], starts: _Starts) -> _Bits:
    before = np.empty_like(scaled)
    before[1:] = scaled[:-1]
    before[starts] = 0
    step = (scaled - before).view(np.int64)
    zigzag = ((step << 1) ^ (step >> 63)).view(np.uint64)
    return np.where(integer, zigzag, scaled ^ before)


def _values(
    forms: npt.NDArray[np.uint8], steps: npt.NDArray[np.unsignedinteger], starts: _Starts
) -> npt.NDArray[np.float64]:
    """Returns the values from their steps; `forms` has one form per row."""
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
    """Returns the rows in which any column differs from the row before; the first row is one."""
    changed = np.zeros(len(columns[0]), np.bool_)
    changed[:1] = True
    for column in columns:
        changed[1:] |= column[1:] != column[:-1]
    return changed.nonzero()[0]


def _lengths(starts: _Starts, count: int) -> _Starts:
    """Returns how many of `count` rows each start has up to the next one."""
    # np.diff takes longer than all other steps of a small block.
    lengths = np.empty_like(starts)
    np.subtract(starts[1:], starts[:-1], out=lengths[:-1])
    lengths[-1:] = count - starts[-1:]
    return lengths


def _running_sum(steps: npt.NDArray[np.int64], starts: _Starts) -> npt.NDArray[np.int64]:
    total = steps.cumsum()
    return total - (total[starts] - steps[starts]).repeat(_lengths(starts, len(steps)))


def _running_xor(steps: npt.NDArray[np.unsignedinteger], starts: _Starts) -> _Bits:
    total: _Bits = np.bitwise_xor.accumulate(steps.astype(np.uint64))
    base: _Bits = (total[starts] ^ steps[starts]).repeat(_lengths(starts, len(steps)))
    return total ^ base
