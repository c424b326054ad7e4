"""What a block becomes when samples are fetched again: pure, by the merge rule and within one write."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitals.codec import blocks, segments
from vitals.model.samples import Samples, merge
from vitals.model.timespan import WINDOW_MS


@dataclass(frozen=True, slots=True)
class Block:
    """One stored block."""

    payload: bytes
    count: int
    revision: int
    fetched_ms: int
    expires_at: int | None = None
    items: int = 1
    """How many it has in the table."""

    def expired(self, now_ms: int) -> bool:
        """TTL deletes up to days late, and an expired block may be older than the archive."""
        return self.expires_at is not None and self.expires_at * 1000 <= now_ms


def merged_block(stored: Block | None, fetched: Samples, window_ms: int, fetched_ms: int) -> Block | None:
    """The block that `stored` becomes, or None when nothing in it changes.

    The later fetch wins, whichever of two racing syncs comes to write first. Of an expired block, whose
    samples are in the archive, nothing is left but the revision.
    """
    payload = blocks.encode(fetched, window_ms)
    if stored is None:
        return Block(payload, len(fetched), 1, fetched_ms)
    if stored.expired(fetched_ms):
        return Block(payload, len(fetched), stored.revision + 1, fetched_ms)
    if stored.payload == payload:
        return None
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
    """The same within what a transaction holds, and by slot the samples that were left out for that.

    Of the points with the most samples in the window nothing that was fetched is taken; what is stored stays.
    """
    block = merged_block(stored, fetched, window_ms, fetched_ms)
    if block is None or len(block.payload) <= segments.MAX_BYTES:
        return block, Counter()
    sizes = np.bincount(blocks.decode(block.payload, window_ms).ids, minlength=blocks.GROUP_SIZE)
    densest = sorted(set(fetched.ids.tolist()), key=lambda slot: (-sizes[slot], slot))

    def without(dropped: int) -> Block | None:
        taken = fetched[~np.isin(fetched.ids, densest[:dropped])]
        return merged_block(stored, taken, window_ms, fetched_ms) if len(taken) else None

    # The fewest of them, without which it fits.
    fewest, most = 1, len(densest)
    while fewest < most:
        middle = (fewest + most) // 2
        block = without(middle)
        if block is None or len(block.payload) <= segments.MAX_BYTES:
            most = middle
        else:
            fewest = middle + 1
    dropped = fetched[np.isin(fetched.ids, densest[:most])]
    return without(most), _changed(stored, dropped, window_ms, fetched_ms)


def _changed(stored: Block | None, fetched: Samples, window_ms: int, now_ms: int) -> Counter[int]:
    """By slot how many of these samples a block does not hold already, to the bit."""
    held = Samples(fetched.ids[:0], fetched.times[:0], fetched.values[:0])
    if stored is not None and not stored.expired(now_ms):
        held = blocks.decode(stored.payload, window_ms)

    def positions(samples: Samples) -> Any:
        return samples.ids.astype(np.int64) * WINDOW_MS + samples.times - window_ms

    there, here = positions(held), positions(fetched)
    at = np.minimum(np.searchsorted(there, here), max(0, len(there) - 1))
    same = np.zeros(len(fetched), np.bool_)
    if len(there):
        same = (there[at] == here) & (held.values.view(np.uint64)[at] == fetched.values.view(np.uint64))
    return Counter(fetched.ids[~same].tolist())
