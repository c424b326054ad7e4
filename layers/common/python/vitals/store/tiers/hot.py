"""The hot tier: samples in blocks, written only where they change and over the revision that was read."""

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vitals.aws.cost import Cost
from vitals.aws.runtime import SYSTEM, Runtime, results
from vitals.codec import blocks
from vitals.codec.block_merge import Block, BlockKey, first_blocks, fitting_block, unchanged
from vitals.errors import ConflictError
from vitals.model.samples import Samples, concat, merge
from vitals.model.timespan import DAY_MS, WINDOW_MS, Span
from vitals.store.tiers import hot_items
from vitals.store.tiers.hot_items import Item, StoredBlock
from vitals.store.tiers.hot_table import BATCH, BlockTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_WORKERS = 16
_WRITE_ATTEMPTS = 12
# A query page is 1 MB, about four days of 830-byte blocks: longer spans are read in parallel.
_QUERY_SPAN_MS = 3 * DAY_MS


@dataclass(frozen=True, slots=True)
class _Change:
    fetched: Samples
    before: Block | None
    after: Block
    too_dense: Counter[int]


@dataclass(frozen=True, slots=True)
class WritePlan:
    """The blocks that a write changes, and the number of samples in the blocks that it does not change."""

    site: str
    fetched_ms: int
    changes: dict[BlockKey, _Change]
    counts: dict[BlockKey, int]
    too_dense: Counter[int]
    """By point id, the samples omitted because their block, which does not change, is full."""

    @property
    def windows(self) -> set[int]:
        """Starts (UTC ms) of the windows in which something changes."""
        return {window_ms for _, window_ms in self.changes}


@dataclass(frozen=True, slots=True)
class _Written:
    block: Block | None
    changed: bool
    new_samples: int
    conflicts: int
    too_dense: Counter[int]


@dataclass(slots=True)
class WriteReceipt:
    """The results of a write: blocks put, new samples, races lost, and the samples now in each block.

    `too_dense` counts, by point id, the samples that were omitted because their block is full.
    """

    blocks: int = 0
    samples: int = 0
    conflicts: int = 0
    counts: dict[BlockKey, int] = field(default_factory=dict)
    too_dense: Counter[int] = field(default_factory=Counter)

    def add(self, key: BlockKey, written: _Written) -> None:
        """Adds the outcome of one block."""
        self.blocks += written.changed
        self.samples += written.new_samples
        self.conflicts += written.conflicts
        if written.block is not None:
            self.counts[key] = written.block.count
        self.too_dense += _of_group(written.too_dense, key[0])


class HotTier:
    """Reads and writes the blocks of any site in one table."""

    def __init__(self, client: "DynamoDBClient", table: str, runtime: Runtime = SYSTEM) -> None:
        self._table = BlockTable(client, table, runtime)
        self._sleep = runtime.sleep
        self._uniform = runtime.uniform
        self._pool = runtime.pool(_WORKERS, "hot")
        # zstd releases the interpreter's lock at each block; threads that decode at once take turns at it.
        self._decoding = threading.Lock()

    def plan(self, site: str, samples: Samples, fetched_ms: int) -> WritePlan:
        """Returns the blocks that samples (by point id, in any order) would change; writes nothing."""
        fetched = blocks.split(samples)
        stored = self._stored(site, list(fetched), fetched_ms)
        too_dense: Counter[int] = Counter()
        # Most of what a sync fetches is its overlap with the one before, and most of the others is new.
        counts = {key: stored[key].count for key in unchanged(stored, fetched, fetched_ms)}
        new = {key: of_block for key, of_block in fetched.items() if key not in stored}
        changes = {
            key: _Change(new[key], None, block, Counter()) for key, block in first_blocks(new, fetched_ms)
        }
        for key, of_block in fetched.items():
            if key in counts or key in changes:
                continue
            before = stored.get(key)
            after, dropped = fitting_block(before, of_block, key[1], fetched_ms)
            if after is not None:
                changes[key] = _Change(of_block, before, after, dropped)
                continue
            too_dense += _of_group(dropped, key[0])
            if before is not None:
                counts[key] = before.count
        return WritePlan(site, fetched_ms, changes, counts, too_dense)

    def apply(self, planned: WritePlan) -> WriteReceipt:
        """Writes the changed blocks, and merges again where another writer came first; safe to repeat."""
        receipt = WriteReceipt(counts=dict(planned.counts), too_dense=planned.too_dense.copy())
        changed = list(planned.changes)
        writes = self._pool.map(lambda key: self._write_block(planned, key), changed)
        for key, written in zip(changed, writes, strict=True):
            receipt.add(key, written)
        return receipt

    def write(self, site: str, samples: Samples, fetched_ms: int) -> WriteReceipt:
        """Plans and applies a write, without marking its days as changed in between."""
        return self.apply(self.plan(site, samples, fetched_ms))

    def expire(self, site: str, read: Iterable[StoredBlock], expires_at: int) -> int:
        """Sets expires_at (epoch s) on unchanged blocks that have none; returns how many have changed.

        A block with expires_at has not changed since that was set.
        """
        pending = [block for block in read if block.expires_at is None]
        marked = self._pool.map(lambda block: self._table.expire(site, block, expires_at), pending)
        return sum(not is_marked for is_marked in marked)

    def read(
        self,
        site: str,
        ids: Iterable[int],
        span: Span,
        now_ms: int,
        cost: Cost | None = None,
        *,
        consistent: bool = True,
    ) -> Samples:
        """Returns the samples of these points in the span, by point then time, without expired blocks."""
        wanted = _slots_by_group(ids)
        jobs = [(group, piece) for group in wanted for piece in span.pieces(_QUERY_SPAN_MS)]

        def read_job(job: tuple[int, Span]) -> Samples:
            group, piece = job
            return self._read_slots(site, group, wanted[group], piece, now_ms, cost, consistent=consistent)

        return merge(results(self._pool, read_job, jobs))

    def read_group(self, site: str, group: int, span: Span, now_ms: int) -> tuple[Samples, list[StoredBlock]]:
        """Returns all samples of a group in whole windows, read consistently, and their blocks.

        Expired blocks are omitted: the archive has their samples, or newer ones.
        """
        unexpired = list(self._table.unexpired(site, group, span, now_ms))
        samples = _decode(unexpired, range(blocks.GROUP_SIZE))
        return _globalise(samples, group), [StoredBlock.from_item(group, item) for item in unexpired]

    def latest(self, site: str, ids: Iterable[int], span: Span, now_ms: int) -> Samples:
        """Returns the newest sample in the span of each of these points that has one."""
        wanted = _slots_by_group(ids)
        return concat(
            self._pool.map(
                lambda group: self._latest_in_group(site, group, wanted[group], span, now_ms), wanted
            )
        )

    def _read_slots(
        self,
        site: str,
        group: int,
        slots: set[int],
        span: Span,
        now_ms: int,
        cost: Cost | None,
        *,
        consistent: bool,
    ) -> Samples:
        unexpired = list(self._table.unexpired(site, group, span, now_ms, consistent=consistent, cost=cost))
        with self._decoding:
            samples = _decode(unexpired, sorted(slots))
        inside = samples[(samples.times >= span.start_ms) & (samples.times < span.end_ms)]
        return _globalise(inside, group)

    def _latest_in_group(self, site: str, group: int, slots: set[int], span: Span, now_ms: int) -> Samples:
        missing, newest = set(slots), []
        for item in self._table.unexpired(site, group, span, now_ms, newest_first=True):
            samples = _decode([item], sorted(missing))
            last = blocks.last_of_slot(samples[samples.times < span.end_ms])
            newest.append(last)
            missing -= set(last.ids.tolist())
            if not missing:
                break
        return _globalise(merge(newest), group)

    def _stored(self, site: str, wanted: list[BlockKey], now_ms: int) -> dict[BlockKey, Block]:
        """Returns the blocks that exist: consecutive windows by query, others by key."""
        runs = hot_items.spans(wanted)
        alone = [(group, span.start_ms) for group, span in runs if span.length_ms == WINDOW_MS]
        batches = [alone[i : i + BATCH] for i in range(0, len(alone), BATCH)]
        queried = [(group, span) for group, span in runs if span.length_ms > WINDOW_MS]
        stored: dict[BlockKey, Block] = {}
        for blocks_of_batch in self._pool.map(
            lambda batch: self._table.get_batch(site, batch, now_ms), batches
        ):
            stored.update(blocks_of_batch)
        for blocks_of_span in self._pool.map(
            lambda run: self._table.get_span(site, run[0], run[1], now_ms), queried
        ):
            stored.update(blocks_of_span)
        return stored

    def _write_block(self, planned: WritePlan, key: BlockKey) -> _Written:
        site, (group, window_ms) = planned.site, key
        change = planned.changes[key]
        stored, block, dropped = change.before, change.after, change.too_dense
        for conflicts in range(_WRITE_ATTEMPTS):
            if self._table.put(site, key, block, stored):
                added = block.count - _count(stored, planned.fetched_ms)
                return _Written(block, True, added, conflicts, dropped)
            self._sleep(self._uniform(0, 0.01 * 2 ** min(conflicts, 6)))
            stored = self._table.get(site, key, planned.fetched_ms)
            merged, dropped = fitting_block(stored, change.fetched, window_ms, planned.fetched_ms)
            if merged is None:
                return _Written(stored, False, 0, conflicts + 1, dropped)
            block = merged
        raise ConflictError(
            f"block {group}/{window_ms} of {site} could not be written in {_WRITE_ATTEMPTS} attempts:"
            " it changed or was throttled"
        )


def _decode(stored: list[Item], slots: Sequence[int]) -> Samples:
    """Returns the samples of these slots of a group; ids are slots."""
    payloads, windows = [item["b"]["B"] for item in stored], [int(item["w"]["N"]) for item in stored]
    return blocks.decode_many(payloads, windows, slots)


def _count(block: Block | None, now_ms: int) -> int:
    """Returns how many samples a block has, none when it is absent or expired."""
    return 0 if block is None or block.expired(now_ms) else block.count


def _slots_by_group(ids: Iterable[int]) -> dict[int, set[int]]:
    wanted: dict[int, set[int]] = {}
    for point in ids:
        group, slot = divmod(point, blocks.GROUP_SIZE)
        wanted.setdefault(group, set()).add(slot)
    return wanted


def _globalise(samples: Samples, group: int) -> Samples:
    return Samples(samples.ids + group * blocks.GROUP_SIZE, samples.times, samples.values)


def _of_group(slots: Counter[int], group: int) -> Counter[int]:
    return Counter({group * blocks.GROUP_SIZE + slot: count for slot, count in slots.items()})
