"""The hot tier: blocks in DynamoDB, written only where they change and only over the revision that was read.

Item: pk, w | b payload (blocks.py), n samples, r revision, f when its newest fetch began (UTC ms),
expires_at (epoch s; absent until the day is verified in the archive). A payload that is too large for one
item is in several (segments.py), which are written in one transaction.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vitals.aws.cost import Cost
from vitals.aws.runtime import SYSTEM, Runtime
from vitals.codec import blocks, segments
from vitals.codec.block_merge import Block, fitting_block
from vitals.errors import ConflictError
from vitals.model.samples import Samples, concat, merge
from vitals.model.timespan import DAY_MS, WINDOW_MS, Span, floor_window
from vitals.store import items, keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# DynamoDB's limit for BatchGetItem.
_BATCH = 100
_WORKERS = 16
_WRITE_ATTEMPTS = 12
_READ_ATTEMPTS = 8
# A query page is 1 MB, about four days of 830-byte blocks: longer spans are read in parallel.
_QUERY_SPAN_MS = 3 * DAY_MS
_MAX_PAGES = 5_000
# Why DynamoDB cancels a transaction that may be made again, from what is stored then.
_THROTTLED = {"ThrottlingError", "ProvisionedThroughputExceeded"}
_LOST = {"ConditionalCheckFailed", "TransactionConflict"} | _THROTTLED
# A block of many items takes the write units of a partition for seconds.
_THROTTLED_S = 3.0

type BlockKey = tuple[int, int]
"""(group, window start in UTC ms)"""


@dataclass(frozen=True, slots=True)
class _Change:
    fetched: Samples
    before: Block | None
    after: Block
    too_dense: Counter[int]


@dataclass(frozen=True, slots=True)
class WritePlan:
    """The blocks that a write changes, and the samples in those that it leaves as they are."""

    site: str
    fetched_ms: int
    changes: dict[BlockKey, _Change]
    counts: dict[BlockKey, int]
    too_dense: Counter[int]
    """By point id the samples that found no room in blocks that stay as they are."""

    @property
    def windows(self) -> set[int]:
        """Starts (UTC ms) of the windows in which something changes."""
        return {window_ms for _, window_ms in self.changes}


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """Which revision of a block was read, and when it expires (epoch s), if it does."""

    group: int
    window_ms: int
    revision: int
    expires_at: int | None
    items: int = 1


@dataclass(frozen=True, slots=True)
class _Written:
    block: Block | None
    changed: bool
    new_samples: int
    conflicts: int
    too_dense: Counter[int]


@dataclass(slots=True)
class WriteReceipt:
    """What a write did: blocks put, samples not there before, races lost, samples now in each block.

    `too_dense` counts by point id the samples that were left out, because their block can hold no more.
    """

    blocks: int = 0
    samples: int = 0
    conflicts: int = 0
    counts: dict[BlockKey, int] = field(default_factory=dict)
    too_dense: Counter[int] = field(default_factory=Counter)


class HotTier:
    """Reads and writes the blocks of any site in one table."""

    def __init__(self, client: "DynamoDBClient", table: str, runtime: Runtime = SYSTEM) -> None:
        self._client = client
        self._table = table
        self._sleep = runtime.sleep
        self._uniform = runtime.uniform
        self._pool = runtime.pool(_WORKERS, "hot")

    def plan(self, site: str, samples: Samples, fetched_ms: int) -> WritePlan:
        """Which blocks samples (ids are point ids, any order) would change; nothing is written."""
        fetched = blocks.split(samples)
        stored = self._get_all(site, list(fetched), fetched_ms)
        too_dense: Counter[int] = Counter()
        changes: dict[BlockKey, _Change] = {}
        counts: dict[BlockKey, int] = {}
        for key, part in fetched.items():
            before = stored.get(key)
            after, dropped = fitting_block(before, part, key[1], fetched_ms)
            if after is not None:
                changes[key] = _Change(part, before, after, dropped)
                continue
            too_dense += _of_group(dropped, key[0])
            if before is not None:
                counts[key] = before.count
        return WritePlan(site, fetched_ms, changes, counts, too_dense)

    def apply(self, planned: WritePlan) -> WriteReceipt:
        """Puts the changed blocks, merging again where another writer came first; safe to repeat."""
        receipt = WriteReceipt(counts=dict(planned.counts), too_dense=planned.too_dense.copy())
        keys_ = list(planned.changes)
        for key, written in zip(
            keys_, self._pool.map(lambda key: self._write_block(planned, key), keys_), strict=True
        ):
            receipt.blocks += written.changed
            receipt.samples += written.new_samples
            receipt.conflicts += written.conflicts
            if written.block is not None:
                receipt.counts[key] = written.block.count
            receipt.too_dense += _of_group(written.too_dense, key[0])
        return receipt

    def write(self, site: str, samples: Samples, fetched_ms: int) -> WriteReceipt:
        """Plans and applies at once, for days whose changes nobody waits for."""
        return self.apply(self.plan(site, samples, fetched_ms))

    def read(
        self, site: str, ids: Iterable[int], span: Span, now_ms: int, cost: Cost | None = None
    ) -> Samples:
        """The samples of these points in the span, sorted by point then time; expired blocks are left out."""
        wanted = _slots_by_group(ids)
        jobs = [(group, piece) for group in wanted for piece in span.pieces(_QUERY_SPAN_MS)]
        parts = self._pool.map(
            lambda job: self._read_group(site, job[0], wanted[job[0]], job[1], now_ms, cost), jobs
        )
        return merge(parts)

    def read_group(self, site: str, group: int, span: Span, now_ms: int) -> tuple[Samples, list[StoredBlock]]:
        """All samples of a group in whole windows, read consistently, and the blocks that held them.

        Expired blocks are left out: the archive has what they held, and may have newer.
        """
        alive = list(self._living(site, group, span, now_ms, consistent=True))
        payloads, windows = [item["b"]["B"] for item in alive], [int(item["w"]["N"]) for item in alive]
        found = blocks.decode_many(payloads, windows, range(blocks.GROUP_SIZE))
        read = [
            StoredBlock(group, window_ms, int(item["r"]["N"]), _expires_at(item), segments.count(item))
            for window_ms, item in zip(windows, alive, strict=True)
        ]
        return _globalise(found, group), read

    def expire(self, site: str, read: Iterable[StoredBlock], expires_at: int) -> int:
        """Lets blocks that never would expire (epoch s), if they are still as they were read.

        Returns how many are not. A block that expires already is as it was when that was set.
        """
        pending = [block for block in read if block.expires_at is None]
        done = self._pool.map(lambda block: self._expire_block(site, block, expires_at), pending)
        return sum(not marked for marked in done)

    def latest(self, site: str, ids: Iterable[int], span: Span, now_ms: int) -> Samples:
        """The newest sample in the span of each of these points that has one."""
        wanted = _slots_by_group(ids)
        return concat(
            self._pool.map(
                lambda group: self._latest_in_group(site, group, wanted[group], span, now_ms), wanted
            )
        )

    def _read_group(
        self, site: str, group: int, slots: set[int], span: Span, now_ms: int, cost: Cost | None
    ) -> Samples:
        alive = list(self._living(site, group, span, now_ms, cost=cost))
        payloads, windows = [item["b"]["B"] for item in alive], [int(item["w"]["N"]) for item in alive]
        found = blocks.decode_many(payloads, windows, sorted(slots))
        inside = found[(found.times >= span.start_ms) & (found.times < span.end_ms)]
        return _globalise(inside, group)

    def _latest_in_group(self, site: str, group: int, slots: set[int], span: Span, now_ms: int) -> Samples:
        missing, newest = set(slots), []
        for item in self._living(site, group, span, now_ms, newest_first=True):
            found = blocks.decode_many([item["b"]["B"]], [int(item["w"]["N"])], sorted(missing))
            found = found[found.times < span.end_ms]
            last = blocks.last_of_slot(found)
            newest.append(last)
            missing -= set(last.ids.tolist())
            if not missing:
                break
        return _globalise(merge(newest), group)

    def _living(
        self,
        site: str,
        group: int,
        span: Span,
        now_ms: int,
        *,
        newest_first: bool = False,
        consistent: bool = False,
        cost: Cost | None = None,
    ) -> Iterator[dict[str, Any]]:
        """The blocks of a group that have not expired as items, each whole and of one write."""
        query = self._query(site, group, span, newest_first=newest_first, consistent=consistent, cost=cost)
        for window_ms, stored in segments.by_window(query):
            settled, item = _assembled(window_ms, stored, now_ms)
            if not settled:
                item = self._read_again(site, (group, window_ms), now_ms, cost)
            if item is not None and _lives(item, now_ms):
                yield item

    def _read_again(
        self, site: str, key: BlockKey, now_ms: int, cost: Cost | None = None
    ) -> dict[str, Any] | None:
        """One block as an item, read consistently until its items are of one write."""
        group, window_ms = key
        window = Span(window_ms, window_ms + WINDOW_MS)
        for attempt in range(_READ_ATTEMPTS):
            stored = list(self._query(site, group, window, consistent=True, cost=cost))
            settled, item = _assembled(window_ms, stored, now_ms)
            if settled:
                return item
            self._sleep(self._uniform(0, 0.05 * 2**attempt))
        raise ConflictError(f"block {group}/{window_ms} of {site} was not whole in {_READ_ATTEMPTS} reads")

    def _query(
        self,
        site: str,
        group: int,
        span: Span,
        *,
        newest_first: bool = False,
        consistent: bool = False,
        cost: Cost | None = None,
    ) -> Iterator[dict[str, Any]]:
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND w BETWEEN :first AND :last",
            "ExpressionAttributeValues": {
                ":pk": {"S": keys.hot_partition(site, group)},
                ":first": {"N": str(floor_window(span.start_ms))},
                ":last": {"N": str(floor_window(span.end_ms - 1) + segments.MAX_SEGMENTS - 1)},
            },
            "ScanIndexForward": not newest_first,
            "ConsistentRead": consistent,
        }
        if newest_first:
            request["Limit"] = 12
        for page in items.pages(self._client.query, request, "a query of one group", _MAX_PAGES):
            if cost:
                cost.add_page(page, consistent=consistent)
            yield from page

    def _write_block(self, planned: WritePlan, key: BlockKey) -> "_Written":
        site, (group, window_ms) = planned.site, key
        change = planned.changes[key]
        stored, block, dropped = change.before, change.after, change.too_dense
        for conflicts in range(_WRITE_ATTEMPTS):
            if self._put(site, key, block, stored):
                added = block.count - _held(stored, planned.fetched_ms)
                return _Written(block, True, added, conflicts, dropped)
            self._sleep(self._uniform(0, 0.01 * 2 ** min(conflicts, 6)))
            stored = self._get(site, key, planned.fetched_ms)
            merged, dropped = fitting_block(stored, change.fetched, window_ms, planned.fetched_ms)
            if merged is None:
                return _Written(stored, False, 0, conflicts + 1, dropped)
            block = merged
        raise ConflictError(
            f"block {group}/{window_ms} of {site} changed or was throttled in {_WRITE_ATTEMPTS} writes"
        )

    def _expire_block(self, site: str, block: StoredBlock, expires_at: int) -> bool:
        updates = [
            {
                "TableName": self._table,
                "Key": keys.hot_block(site, block.group, block.window_ms + number),
                "UpdateExpression": "SET expires_at = :at",
                "ConditionExpression": "r = :read",
                "ExpressionAttributeValues": {
                    ":at": {"N": str(expires_at)},
                    ":read": {"N": str(block.revision)},
                },
            }
            for number in range(block.items)
        ]
        if len(updates) > 1:
            return self._transact([{"Update": update} for update in updates])
        return self._unless_lost(self._client.update_item, updates[0])

    def _put(self, site: str, key: BlockKey, block: Block, before: Block | None) -> bool:
        """Writes the block over what was read; False when somebody else wrote meanwhile."""
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if block.revision > 1:
            condition = {
                "ConditionExpression": "r = :read",
                "ExpressionAttributeValues": {":read": {"N": str(block.revision - 1)}},
            }
        written = _items(site, key, block, before.items if before else 1)
        puts = [{"TableName": self._table, "Item": item} for item in written]
        puts[0] |= condition
        if len(puts) > 1:
            return self._transact([{"Put": put} for put in puts])
        return self._unless_lost(self._client.put_item, puts[0])

    def _unless_lost(self, call: Callable[..., Any], request: dict[str, Any]) -> bool:
        try:
            call(**request)
        except (
            self._client.exceptions.ConditionalCheckFailedException,
            self._client.exceptions.TransactionConflictException,
        ):
            return False
        return True

    def _transact(self, writes: list[Any]) -> bool:
        """All of the writes, or none and False when another writer came first."""
        try:
            self._client.transact_write_items(TransactItems=writes)
        except self._client.exceptions.TransactionCanceledException as error:
            reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
            if not reasons & _LOST or not reasons <= _LOST | {"None", None}:
                raise
            if reasons & _THROTTLED:
                # botocore repeats what is throttled, but not a transaction that was cancelled for it.
                self._sleep(self._uniform(_THROTTLED_S / 3, _THROTTLED_S))
            return False
        return True

    def _get(self, site: str, key: BlockKey, now_ms: int) -> Block | None:
        answer = self._client.get_item(
            TableName=self._table, Key=keys.hot_block(site, *key), ConsistentRead=True
        )
        return self._whole(site, key, answer["Item"], now_ms) if "Item" in answer else None

    def _whole(self, site: str, key: BlockKey, item: Any, now_ms: int) -> Block | None:
        """The block of this first item; of an expired one nothing but the revision is of use."""
        whole = item
        if segments.count(item) > 1 and _lives(item, now_ms):
            whole = self._read_again(site, key, now_ms)
        return _block(whole) if whole is not None else None

    def _get_all(self, site: str, wanted: list[BlockKey], now_ms: int) -> dict[BlockKey, Block]:
        batches = [wanted[i : i + _BATCH] for i in range(0, len(wanted), _BATCH)]
        found: dict[BlockKey, Block] = {}
        for part in self._pool.map(lambda batch: self._get_batch(site, batch, now_ms), batches):
            found.update(part)
        return found

    def _get_batch(self, site: str, batch: list[BlockKey], now_ms: int) -> dict[BlockKey, Block]:
        found: dict[BlockKey, Block] = {}
        request: Any = {
            self._table: {"Keys": [keys.hot_block(site, *key) for key in batch], "ConsistentRead": True}
        }
        for attempt in range(_READ_ATTEMPTS):
            answer = self._client.batch_get_item(RequestItems=request)
            for item in answer["Responses"].get(self._table, []):
                block = self._whole(site, _key(item), item, now_ms)
                if block is not None:
                    found[_key(item)] = block
            request = answer["UnprocessedKeys"]
            if not request:
                return found
            self._sleep(0.05 * 2**attempt)
        raise ConflictError(f"DynamoDB left block keys unprocessed {_READ_ATTEMPTS} times")


def _held(block: Block | None, now_ms: int) -> int:
    """How many samples a block holds, none when it is absent or expired."""
    return 0 if block is None or block.expired(now_ms) else block.count


def _slots_by_group(ids: Iterable[int]) -> dict[int, set[int]]:
    wanted: dict[int, set[int]] = {}
    for point in ids:
        group, slot = divmod(point, blocks.GROUP_SIZE)
        wanted.setdefault(group, set()).add(slot)
    return wanted


def _globalise(samples: Samples, group: int) -> Samples:
    return Samples(samples.ids + group * blocks.GROUP_SIZE, samples.times, samples.values)


def _expires_at(item: Any) -> int | None:
    return int(item["expires_at"]["N"]) if "expires_at" in item else None


def _lives(item: Any, now_ms: int) -> bool:
    """What Block.expired says, of a block not decoded yet."""
    expires_at = _expires_at(item)
    return expires_at is None or expires_at * 1000 > now_ms


def _items(site: str, key: BlockKey, block: Block, before: int) -> list[Any]:
    """The items of a block that had `before` of them; those that it needs no more are emptied, and expire."""
    group, window_ms = key
    bodies = segments.split(block.payload)
    revision: Any = {"r": {"N": str(block.revision)}}
    facts = revision | {"n": {"N": str(block.count)}, "f": {"N": str(block.fetched_ms)}}
    if len(bodies) > 1:
        revision["h"] = {"B": segments.digest(block.payload)}
        facts |= revision | {"s": {"N": str(len(bodies))}}
    emptied = revision | {"expires_at": {"N": str(block.fetched_ms // 1000)}}
    return [
        keys.hot_block(site, group, window_ms + number)
        | ({"b": {"B": bodies[number]}} if number < len(bodies) else {})
        | (facts if not number else revision if number < len(bodies) else emptied)
        for number in range(max(before, len(bodies)))
    ]


def _assembled(window_ms: int, stored: list[Any], now_ms: int) -> tuple[bool, dict[str, Any] | None]:
    """Whether the items of one window, as read, are all there and of one write, and the block as one item.

    TTL deletes the items of an expired block one by one.
    """
    head = segments.first(window_ms, stored)
    if head is None:
        return not any(_lives(item, now_ms) for item in stored), None
    if not _lives(head, now_ms):
        return True, head
    whole = segments.join(window_ms, stored)
    return whole is not None, whole


def _of_group(slots: Counter[int], group: int) -> Counter[int]:
    return Counter({group * blocks.GROUP_SIZE + slot: count for slot, count in slots.items()})


def _key(item: Any) -> BlockKey:
    return int(item["pk"]["S"].rpartition("#")[2]), int(item["w"]["N"])


def _block(item: Any) -> Block:
    return Block(
        item["b"]["B"],
        int(item["n"]["N"]),
        int(item["r"]["N"]),
        int(item["f"]["N"]),
        _expires_at(item),
        segments.count(item),
    )
