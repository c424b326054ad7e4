"""Merges fetched samples into a block, within the limits of one write."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import batched

import numpy as np
import numpy.typing as npt

from vitals.codec import blocks, segments
from vitals.model.samples import Samples, concat, from_columns, merge
from vitals.model.timespan import WINDOW_MS

type BlockKey = tuple[int, int]
"""(group, window start in UTC ms)"""

# So many blocks are coded at once: more are not faster, and take more memory.
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Block:
    """A block as it is stored; `count` samples, `fetched_ms` when the newest fetch in it began (UTC ms)."""

    payload: bytes
    count: int
    revision: int
    fetched_ms: int
    expires_at: int | None = None
    """Epoch seconds, or None while the day's file may lack the block."""
    items: int = 1
    """The number of its items in the table (segments.py)."""

    def expired(self, now_ms: int) -> bool:
        """Returns whether the block has expired: DynamoDB deletes it up to days later."""
        return self.expires_at is not None and self.expires_at * 1000 <= now_ms


def unchanged(
    stored: Mapping[BlockKey, Block], fetched: Mapping[BlockKey, Samples], now_ms: int
) -> Iterator[BlockKey]:
    """Yields the keys of the blocks of which merged_block makes nothing else, when the samples are the same.

    A block that has more samples than were fetched is not among them, though it may not change.
    """
    candidates = [
        key
        for key, block in stored.items()
        if key in fetched and block.count == len(fetched[key]) and not block.expired(now_ms)
    ]
    for keys in batched(candidates, _AT_ONCE, strict=False):
        before = blocks.decode_many(
            [stored[key].payload for key in keys],
            [window_ms for _, window_ms in keys],
            range(blocks.GROUP_SIZE),
        )
        after = concat(fetched[key] for key in keys)
        if len(before) != len(after):
            continue
        is_same = (before.ids == after.ids) & (before.times == after.times)
        is_same &= before.values.view(np.uint64) == after.values.view(np.uint64)
        ends = np.cumsum([stored[key].count for key in keys])
        starts = np.append(0, ends[:-1])
        for key, is_unchanged in zip(keys, np.logical_and.reduceat(is_same, starts).tolist(), strict=True):
            if is_unchanged:
                yield key


def first_blocks(fetched: Mapping[BlockKey, Samples], fetched_ms: int) -> Iterator[tuple[BlockKey, Block]]:
    """Yields, where no block is stored, what merged_block makes of the samples, if it fits a transaction."""
    for keys in batched(fetched, _AT_ONCE, strict=False):
        payloads = blocks.encode_many([fetched[key] for key in keys], [window_ms for _, window_ms in keys])
        for key, payload in zip(keys, payloads, strict=True):
            block = Block(payload, len(fetched[key]), 1, fetched_ms)
            if _fits(block):
                yield key, block


def merged_block(stored: Block | None, fetched: Samples, window_ms: int, fetched_ms: int) -> Block | None:
    """Returns the block that `stored` becomes with the fetched samples, or None when nothing changes.

    The later fetch wins, whichever of two racing syncs writes first. Only the revision of an expired block
    matters: its samples are in the day's file.
    """
    if stored is None or stored.expired(fetched_ms):
        revision = stored.revision + 1 if stored else 1
        return Block(blocks.encode(fetched, window_ms), len(fetched), revision, fetched_ms)
    before = blocks.decode(stored.payload, window_ms)
    newest_last = [before, fetched] if fetched_ms >= stored.fetched_ms else [fetched, before]
    after = merge(newest_last)
    if after.equals(before):
        return None
    return Block(
        blocks.encode(after, window_ms), len(after), stored.revision + 1, max(fetched_ms, stored.fetched_ms)
    )


def fitting_block(
    stored: Block | None, fetched: Samples, window_ms: int, fetched_ms: int
) -> tuple[Block | None, Counter[int]]:
    """Returns merged_block within the limits of a transaction, and the number of omitted samples by slot.

    If the block does not fit, the fetched samples of the points with the most samples in the window are
    omitted, for as few points as possible; their stored samples remain.
    """
    block = merged_block(stored, fetched, window_ms, fetched_ms)
    if block is None or _fits(block):
        return block, Counter()
    slots = _densest_first(block, fetched, window_ms)

    def without(dropped: int) -> Block | None:
        taken = fetched[~np.isin(fetched.ids, slots[:dropped])]
        return merged_block(stored, taken, window_ms, fetched_ms) if len(taken) else None

    dropped = bisect_left(range(1, len(slots)), True, key=lambda count: _fits(without(count))) + 1
    omitted = fetched[np.isin(fetched.ids, slots[:dropped])]
    return without(dropped), _new_samples(stored, omitted, window_ms, fetched_ms)


def _fits(block: Block | None) -> bool:
    return block is None or len(block.payload) <= segments.MAX_BYTES


def _densest_first(block: Block, fetched: Samples, window_ms: int) -> list[int]:
    """Returns the slots of the fetched samples, those with the most samples in the block first."""
    sizes = np.bincount(blocks.decode(block.payload, window_ms).ids, minlength=blocks.GROUP_SIZE)
    return sorted(set(fetched.ids.tolist()), key=lambda slot: (-sizes[slot], slot))


def _new_samples(stored: Block | None, fetched: Samples, window_ms: int, now_ms: int) -> Counter[int]:
    """Returns, by slot, the number of samples that a block lacks or has with other values."""
    held = from_columns([], [], [])
    if stored is not None and not stored.expired(now_ms):
        held = blocks.decode(stored.payload, window_ms)
    if not len(held):
        return Counter(fetched.ids.tolist())
    held_keys, keys = _keys(held, window_ms), _keys(fetched, window_ms)
    rows = np.minimum(np.searchsorted(held_keys, keys), len(held_keys) - 1)
    is_held = (held_keys[rows] == keys) & (
        held.values.view(np.uint64)[rows] == fetched.values.view(np.uint64)
    )
    return Counter(fetched.ids[~is_held].tolist())


def _keys(samples: Samples, window_ms: int) -> npt.NDArray[np.int64]:
    """Returns a number per sample of a block, in the order of slot and time."""
    return samples.ids.astype(np.int64) * WINDOW_MS + samples.times - window_ms
