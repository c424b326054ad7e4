"""The items of the hot table, which contain blocks.

Item: pk, w | b payload (blocks.py), n samples, r revision, f when its newest fetch began (UTC ms),
expires_at (epoch s; absent until the day is verified in the archive). A payload that is too large for one
item is in several (segments.py), which are written in one transaction.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vitals.codec import segments
from vitals.codec.block_merge import Block, BlockKey
from vitals.model.timespan import WINDOW_MS, Span
from vitals.store import keys

type Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """The revision of a block that was read, and the time (epoch s) when it expires, if it does."""

    group: int
    window_ms: int
    revision: int
    expires_at: int | None
    items: int = 1

    @classmethod
    def from_item(cls, group: int, item: Item) -> "StoredBlock":
        """Returns the block of a group whose first item this is."""
        return cls(
            group=group,
            window_ms=int(item["w"]["N"]),
            revision=int(item["r"]["N"]),
            expires_at=expires_at(item),
            items=segments.count(item),
        )


def encode(site: str, key: BlockKey, block: Block, items_before: int) -> list[Item]:
    """Returns the items of a block that had `items_before` items; items that it no longer needs expire."""
    group, window_ms = key
    bodies = segments.split(block.payload)
    revision: Item = {"r": {"N": str(block.revision)}}
    facts = revision | {"n": {"N": str(block.count)}, "f": {"N": str(block.fetched_ms)}}
    if len(bodies) > 1:
        revision["h"] = {"B": segments.digest(block.payload)}
        facts |= revision | {"s": {"N": str(len(bodies))}}
    emptied = revision | {"expires_at": {"N": str(block.fetched_ms // 1000)}}
    return [
        keys.hot_block(site, group, window_ms + number)
        | ({"b": {"B": bodies[number]}} if number < len(bodies) else {})
        | (facts if not number else revision if number < len(bodies) else emptied)
        for number in range(max(items_before, len(bodies)))
    ]


def decode(item: Item) -> Block:
    """Returns the block of an item with the whole payload."""
    return Block(
        item["b"]["B"],
        int(item["n"]["N"]),
        int(item["r"]["N"]),
        int(item["f"]["N"]),
        expires_at(item),
        segments.count(item),
    )


def block_key(item: Item) -> BlockKey:
    """Returns the key of the block whose first item this is."""
    return int(item["pk"]["S"].rpartition("#")[2]), int(item["w"]["N"])


def expires_at(item: Item) -> int | None:
    """Returns when the item expires (epoch s), None when it does not."""
    return int(item["expires_at"]["N"]) if "expires_at" in item else None


def is_alive(item: Item, now_ms: int) -> bool:
    """Returns whether the item has not expired."""
    expiry_s = expires_at(item)
    return expiry_s is None or expiry_s * 1000 > now_ms


def spans(wanted: Iterable[BlockKey]) -> list[tuple[int, Span]]:
    """Returns the spans of consecutive windows of each group, in order."""
    runs: list[tuple[int, Span]] = []
    for group, window_ms in sorted(wanted):
        if runs and runs[-1] == (group, Span(runs[-1][1].start_ms, window_ms)):
            runs[-1] = group, Span(runs[-1][1].start_ms, window_ms + WINDOW_MS)
        else:
            runs.append((group, Span(window_ms, window_ms + WINDOW_MS)))
    return runs


def assemble(window_ms: int, stored: list[Item], now_ms: int) -> tuple[bool, Item | None]:
    """Returns whether the items of a window are complete and of one write, and the block as one item.

    The block is None when there is none. TTL deletes the items of an expired block one by one.
    """
    head = segments.first(window_ms, stored)
    if head is None:
        return not any(is_alive(item, now_ms) for item in stored), None
    if segments.count(head) == 1 or not is_alive(head, now_ms):
        return True, head
    whole = segments.join(window_ms, stored)
    return whole is not None, whole
