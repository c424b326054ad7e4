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
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import zstandard

from vitals.codec import zstd
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
    """A zstd context per thread; threads must not share one."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False)


_zstd = _Zstd()


def encode(samples: Samples, window_ms: int) -> bytes:
    """Returns the block of the samples of one window.

    The ids are slots, 0 to 63; the samples are unique and sorted by slot, then time.
    """
    return encode_many([samples], [window_ms])[0]


def encode_many(parts: Sequence[Samples], windows_ms: Sequence[int]) -> list[bytes]:
    """Returns the blocks of the samples of several windows, each as `encode` does."""
    samples = concat(parts)
    counts = np.array([len(part) for part in parts], np.intp)
    edges = np.append(0, counts.cumsum())
    slots = samples.ids.astype(np.uint8)
    offsets = (samples.times - np.array(windows_ms, np.int64).repeat(counts)).astype(np.uint32)
    block_starts = edges[:-1][counts > 0]
    starts = _starts(slots, np.arange(len(parts)).repeat(counts))
    slot_steps, time_steps = slots.copy(), offsets.copy()
    slot_steps[1:] -= slots[:-1]
    slot_steps[block_starts] = slots[block_starts]
    time_steps[1:] -= offsets[:-1]
    time_steps[starts] = offsets[starts]
    forms, value_steps = _value_steps(samples.values, starts)
    row_edges, form_edges = edges.tolist(), np.searchsorted(starts, edges).tolist()
    return [
        _packed(slot_steps[begin:end], time_steps[begin:end], value_steps[begin:end], forms[first:last])
        for (begin, end), (first, last) in zip(pairwise(row_edges), pairwise(form_edges), strict=True)
    ]


def _packed(
    slots: npt.NDArray[np.uint8],
    times: npt.NDArray[np.uint32],
    values: _Bits,
    forms: npt.NDArray[np.uint8],
) -> bytes:
    """Returns the block of these steps and forms."""
    body = (
        np.uint32(len(slots)).tobytes()
        + slots.tobytes()
        + times.view(np.uint8).reshape(-1, 4).T.tobytes()
        + values.view(np.uint8).reshape(-1, 8).T.tobytes()
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
    stored = _Columns([_unpack(payload) for payload in payloads])
    runs = stored.runs_of(slots)
    starts = runs.lengths.cumsum() - runs.lengths
    rows = np.arange(runs.lengths.sum())
    # A plane of a column has as many bytes as the block has samples, and the first one is of slots.
    rows += (runs.first_bytes - starts).repeat(runs.lengths)
    strides = runs.strides.repeat(runs.lengths)
    time_steps = stored.column(rows, strides, range(1, 5), "<u4").astype(np.int64)
    value_steps = stored.column(rows, strides, range(5, 13), "<u8")
    windows = np.array(windows_ms, np.int64)[runs.blocks]
    return Samples(
        runs.slots.repeat(runs.lengths),
        windows.repeat(runs.lengths) + _running_sum(time_steps, starts),
        _values(runs.forms.repeat(runs.lengths), value_steps, starts),
    )


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


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """The samples of some slots, a run for each slot of each block.

    `first_bytes` are where the slots of the runs begin; `strides` the samples of their blocks.
    """

    slots: npt.NDArray[np.int32]
    forms: npt.NDArray[np.uint8]
    lengths: _Starts
    blocks: _Starts
    first_bytes: _Starts
    strides: _Starts


class _Columns:
    """The columns of some blocks, decompressed, one block after the other."""

    def __init__(self, bodies: Sequence[bytes]) -> None:
        self._bytes = np.frombuffer(b"".join(bodies), np.uint8)
        sizes = np.array([len(body) for body in bodies], np.intp)
        self._starts = sizes.cumsum() - sizes + _HEADER
        header = self._bytes[self._starts[:, None] + np.arange(-_HEADER, 0)]
        self._counts = header.view("<u4").reshape(-1).astype(np.intp)
        if (short := sizes < _HEADER + self._counts * _ROW_BYTES).any():
            size, count = int(sizes[short][0]), int(self._counts[short][0])
            raise BlockFormatError(
                f"the block has {size} bytes; {count} samples take {_HEADER + count * _ROW_BYTES} or more"
            )
        self._form_counts = sizes - _HEADER - self._counts * _ROW_BYTES

    def runs_of(self, slots: Sequence[int]) -> _Runs:
        """Returns the runs of these slots; BlockFormatError when the runs of a block are not valid."""
        starts, blocks, all_slots = self._all_runs()
        lengths = _lengths(starts, int(self._counts.sum()))
        is_requested = np.zeros(GROUP_SIZE, np.bool_)
        is_requested[list(slots)] = True
        chosen = is_requested[all_slots].nonzero()[0]
        of_blocks = blocks[chosen]
        rows_before = self._counts.cumsum() - self._counts
        return _Runs(
            slots=all_slots[chosen].astype(np.int32),
            forms=self._forms()[chosen],
            lengths=lengths[chosen],
            blocks=of_blocks,
            first_bytes=starts[chosen] + (self._starts - rows_before)[of_blocks],
            strides=self._counts[of_blocks],
        )

    def column(
        self, rows: npt.NDArray[np.intp], strides: npt.NDArray[np.intp], planes: range, dtype: str
    ) -> npt.NDArray[np.unsignedinteger]:
        """Returns the numbers whose bytes are in these planes, by the byte of each row's slot."""
        selected = np.empty((len(rows), len(planes)), np.uint8)
        for index, plane in enumerate(planes):
            selected[:, index] = self._bytes[rows + plane * strides]
        return selected.view(dtype).reshape(-1)

    def _all_runs(self) -> tuple[_Starts, _Starts, npt.NDArray[np.intp]]:
        """Returns the first row, the block and the slot of each run of all blocks."""
        ends = self._starts + self._counts
        steps = np.concatenate(
            [self._bytes[start:end] for start, end in zip(self._starts.tolist(), ends.tolist(), strict=True)]
        )
        first_rows = (self._counts.cumsum() - self._counts)[self._counts > 0]
        is_start = steps != 0
        is_start[first_rows] = True
        starts = is_start.nonzero()[0]
        run_counts = np.zeros_like(self._counts)
        run_counts[self._counts > 0] = _lengths(np.searchsorted(starts, first_rows), len(starts))
        if not np.array_equal(run_counts, self._form_counts):
            raise BlockFormatError("the block does not have one form per slot")
        blocks = np.arange(len(self._counts)).repeat(run_counts)
        slots = _running_sum(
            steps[starts].astype(np.int64), (run_counts.cumsum() - run_counts)[run_counts > 0]
        )
        if len(slots) and slots.max() >= GROUP_SIZE:
            raise BlockFormatError(f"the block has a slot above {GROUP_SIZE - 1}")
        return starts, blocks, slots

    def _forms(self) -> npt.NDArray[np.uint8]:
        starts = self._starts + self._counts * _ROW_BYTES
        ends = starts + self._form_counts
        forms = np.concatenate(
            [self._bytes[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        )
        if len(forms) and forms.max() > _LAST_FORM:
            raise BlockFormatError("the block has a form that is not valid")
        return forms


def _unpack(payload: bytes) -> bytes:
    if not payload or payload[0] != VERSION:
        raise BlockFormatError(
            f"block version {payload[:1].hex() or 'none'} is not supported; expected {VERSION:02x}"
        )
    try:
        body = zstd.decompress(memoryview(payload)[1:], _MAX_BYTES)
    except zstandard.ZstdError as error:
        raise BlockFormatError("the block is not a whole zstd frame") from error
    if len(body) < _HEADER:
        raise BlockFormatError(f"the block has {len(body)} bytes; expected {_HEADER} or more")
    return body


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
