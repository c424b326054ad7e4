"""Blocks that are too large for one item: their payload in segments, one item each.

The first item has the window's start as its key `w`, and the number of segments as `s`; the others follow at
`w` + 1, `w` + 2 and so on. All have the revision `r` and `h`, a digest of the whole payload. Windows are
300,000 ms apart, so the items of two blocks never meet. A block that fits one item has neither `s` nor `h`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from vitals.model.timespan import floor_window

# An item of DynamoDB has at most 400 KB (409,600 bytes), with its attribute names and other attributes.
SEGMENT_BYTES = 350_000
# A transaction of DynamoDB has at most 4 MB; this many segments are less, even in base64 as sent.
MAX_SEGMENTS = 8
MAX_BYTES = SEGMENT_BYTES * MAX_SEGMENTS

type Item = dict[str, Any]


def split(payload: bytes) -> list[bytes]:
    """Returns the payload in as few segments as possible, at least one."""
    return [payload[i : i + SEGMENT_BYTES] for i in range(0, max(1, len(payload)), SEGMENT_BYTES)]


def digest(payload: bytes) -> bytes:
    """Returns 8 bytes of BLAKE2b, which tell the segments of different payloads apart."""
    return hashlib.blake2b(payload, digest_size=8).digest()


def count(item: Item) -> int:
    """Returns the number of items of a block, from its first item."""
    return int(item["s"]["N"]) if "s" in item else 1


def by_window(items: Iterable[Item]) -> Iterator[tuple[int, list[Item]]]:
    """Yields each window (start ms) of a partition with its items in ascending order of `w`.

    The partition may be read in either order.
    """
    for window_ms, group in groupby(items, lambda item: floor_window(int(item["w"]["N"]))):
        members = list(group)
        # There is hardly ever more than one, and this is the inner loop of every read.
        if len(members) > 1:
            members.sort(key=lambda item: int(item["w"]["N"]))
        yield window_ms, members


def first(window_ms: int, items: Sequence[Item]) -> Item | None:
    """Returns the first item of the window's block, or None when it is not among the items."""
    return items[0] if items and int(items[0]["w"]["N"]) == window_ms else None


def join(window_ms: int, items: Sequence[Item]) -> Item | None:
    """Returns the first item with the payload of all segments; None when they are not all of one write.

    Items after the last segment are left from a larger block and expire.
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
