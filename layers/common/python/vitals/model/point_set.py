"""Sets of point ids as the bits of one whole number, and which points a day of the ledger may claim.

Bytes: a zstd frame over the number, little-endian; 4,583 points that are all in it take tens of bytes.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import zstandard

# 800,000 points; what is larger is not ours.
_MAX_BYTES = 100_000

type PointSet = int
type Windows = npt.NDArray[np.bool_]


def from_ids(ids: Iterable[int]) -> PointSet:
    """The set of these ids."""
    numbers = np.fromiter(ids, np.int64)
    bits = np.zeros(int(numbers.max(initial=-1)) + 1, np.bool_)
    bits[numbers] = True
    return int.from_bytes(np.packbits(bits, bitorder="little").tobytes(), "little")


def contains(held: PointSet, wanted: PointSet) -> bool:
    """Whether every id that is wanted is held."""
    return not wanted & ~held


def encode(ids: PointSet) -> bytes:
    """The bytes of a set."""
    return zstandard.compress(ids.to_bytes((ids.bit_length() + 7) // 8, "little"), 9)


def decode(payload: bytes) -> PointSet:
    """The set of such bytes."""
    body = zstandard.ZstdDecompressor().decompress(payload, max_output_size=_MAX_BYTES)
    return int.from_bytes(body, "little")


def next_claim(
    before: PointSet | None, polled: Windows, read: Windows, configured: PointSet
) -> PointSet | None:
    """The points of which every polled window was asked for at least once while they were configured.

    `before` is that of the windows `polled` so far, None for a record that is older than claims and claims
    every point; `read` are the windows of one more read, `configured` the points that it was made for.
    """
    if not read.any():
        return before
    nothing_new = not (read & ~polled).any()
    covers_all = not (polled & ~read).any()
    if covers_all and not nothing_new:
        return configured
    if before is None:
        return None if nothing_new else configured
    if covers_all:
        return before | configured
    return before if nothing_new else before & configured
