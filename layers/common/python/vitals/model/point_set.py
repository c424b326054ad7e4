"""Sets of point ids as the bits of one integer, and the points that a day of the ledger claims.

Bytes: a zstd frame over the integer, little-endian; bit i is set when the id i is in the set. A set of all
4,583 points takes tens of bytes.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import zstandard

# 800,000 points; no set is larger.
_MAX_BYTES = 100_000

type PointSet = int
type Windows = npt.NDArray[np.bool_]


def from_ids(ids: Iterable[int]) -> PointSet:
    """Returns the set of the ids."""
    numbers = np.fromiter(ids, np.int64)
    bits = np.zeros(int(numbers.max(initial=-1)) + 1, np.bool_)
    bits[numbers] = True
    return int.from_bytes(np.packbits(bits, bitorder="little").tobytes(), "little")


def ids(points: PointSet) -> list[int]:
    """Returns the ids of the set, in ascending order."""
    bits = np.frombuffer(points.to_bytes((points.bit_length() + 7) // 8, "little"), np.uint8)
    numbers: list[int] = np.flatnonzero(np.unpackbits(bits, bitorder="little")).tolist()
    return numbers


def contains(held: PointSet, wanted: PointSet) -> bool:
    """Returns whether `held` has every id of `wanted`."""
    return not wanted & ~held


def encode(ids: PointSet) -> bytes:
    """Returns the bytes of a set."""
    return zstandard.compress(ids.to_bytes((ids.bit_length() + 7) // 8, "little"), 9)


def decode(payload: bytes) -> PointSet:
    """Returns the set of the bytes."""
    body = zstandard.ZstdDecompressor().decompress(payload, max_output_size=_MAX_BYTES)
    return int.from_bytes(body, "little")


def next_claim(
    before: PointSet | None, polled: Windows, read: Windows, configured: PointSet
) -> PointSet | None:
    """Returns the claim after one more read: points that were configured in a poll of every polled window.

    `before` is the claim for the windows `polled` so far; None claims every point, as in records that are
    older than claims. `read` are the windows of the read, `configured` its points.
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
