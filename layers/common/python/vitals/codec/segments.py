"""A block that is too large for one item, in several: the bytes of its payload one after the other.

The first item has the window's start as its key `w`, and `s`, how many there are; the others follow at +1, +2
and so on; all have the revision `r` and `h`, a digest of the whole payload. Windows are 300,000 apart, so the
items of two blocks never meet. A block that fits one item has neither `s` nor `h`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from vitals.model.timespan import floor_window

# An item holds 400 KB (409,600 bytes), its names and other attributes included.
SEGMENT_BYTES = 350_000
# A transaction holds 4 MB; so many are less also in base64, as they travel.
MAX_SEGMENTS = 8
MAX_BYTES = SEGMENT_BYTES * MAX_SEGMENTS

type Item = dict[str, Any]


def split(payload: bytes) -> list[bytes]:
    """The payload in as few segments as hold it, at least one."""
    return [payload[at : at + SEGMENT_BYTES] for at in range(0, max(1, len(payload)), SEGMENT_BYTES)]


def digest(payload: bytes) -> bytes:
    """What tells the segments of one payload from those of another."""
    return hashlib.blake2b(payload, digest_size=8).digest()


def count(item: Item) -> int:
    """How many items the block of this first one has."""
    return int(item["s"]["N"]) if "s" in item else 1


def by_window(items: Iterable[Item]) -> Iterator[tuple[int, list[Item]]]:
    """The items of each window of a partition that is read in either order, the first item first."""
    for window_ms, group in groupby(items, lambda item: floor_window(int(item["w"]["N"]))):
        several = list(group)
        # Hardly ever more than one, and this is the inner loop of every read.
        if len(several) > 1:
            several.sort(key=lambda item: int(item["w"]["N"]))
        yield window_ms, several


def first(window_ms: int, items: Sequence[Item]) -> Item | None:
    """The item that says what the block is, unless it is not among them."""
    return items[0] if items and int(items[0]["w"]["N"]) == window_ms else None


def join(window_ms: int, items: Sequence[Item]) -> Item | None:
    """The first item with the payload of all; None when they are not all of one write.

    What lies behind the last segment is of a larger block before, and waits for its expiry.
    """
    head = first(window_ms, items)
    if head is None or count(head) == 1:
        return head
    segments = items[: count(head)]
    if len(segments) < count(head):
        return None
    for number, item in enumerate(segments):
        if int(item["w"]["N"]) != window_ms + number or any(item.get(k) != head.get(k) for k in ("r", "h")):
            return None
    return head | {"b": {"B": b"".join(bytes(item["b"]["B"]) for item in segments)}}
