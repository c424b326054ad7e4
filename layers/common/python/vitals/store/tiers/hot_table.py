"""Requests to the hot table: blocks read whole, and written only over the revision that was read."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vitals.aws.cost import Cost
from vitals.aws.runtime import Runtime
from vitals.codec import segments
from vitals.codec.block_merge import Block, BlockKey
from vitals.errors import ConflictError
from vitals.model.timespan import WINDOW_MS, Span, floor_window
from vitals.store import conditional, conflicts, items, keys
from vitals.store.tiers import hot_items
from vitals.store.tiers.hot_items import Item, StoredBlock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# DynamoDB's limit for BatchGetItem.
BATCH = 100
_READ_ATTEMPTS = 8
_MAX_PAGES = 5_000
# The blocks of a query for the newest ones, which seldom needs more.
_NEWEST = 12


class BlockTable:
    """The blocks of one table; all items of a block are of one write."""

    def __init__(self, client: "DynamoDBClient", table: str, runtime: Runtime) -> None:
        self._client = client
        self._table = table
        self._runtime = runtime

    def unexpired(
        self,
        site: str,
        group: int,
        span: Span,
        now_ms: int,
        *,
        newest_first: bool = False,
        consistent: bool = True,
        cost: Cost | None = None,
    ) -> Iterator[Item]:
        """Yields the blocks of a group that have not expired, each as one item."""
        query = self._query(site, group, span, newest_first=newest_first, consistent=consistent, cost=cost)
        for window_ms, stored in segments.by_window(query):
            whole, item = hot_items.assemble(window_ms, stored, now_ms)
            if not whole:
                item = self._read_again(site, (group, window_ms), now_ms, cost)
            if item is not None and hot_items.is_alive(item, now_ms):
                yield item

    def get(self, site: str, key: BlockKey, now_ms: int) -> Block | None:
        """Returns one block, read consistently."""
        result = self._client.get_item(
            TableName=self._table, Key=keys.hot_block(site, *key), ConsistentRead=True
        )
        return self._block(site, key, result["Item"], now_ms) if "Item" in result else None

    def get_batch(self, site: str, batch: list[BlockKey], now_ms: int) -> dict[BlockKey, Block]:
        """Returns the existing blocks of at most BATCH keys, read consistently."""
        stored: dict[BlockKey, Block] = {}
        request: Any = {
            self._table: {"Keys": [keys.hot_block(site, *key) for key in batch], "ConsistentRead": True}
        }
        for attempt in range(_READ_ATTEMPTS):
            result = self._client.batch_get_item(RequestItems=request)
            for item in result["Responses"].get(self._table, []):
                key = hot_items.block_key(item)
                block = self._block(site, key, item, now_ms)
                if block is not None:
                    stored[key] = block
            request = result["UnprocessedKeys"]
            if not request:
                return stored
            self._runtime.sleep(0.05 * 2**attempt)
        raise ConflictError(f"DynamoDB left block keys unprocessed {_READ_ATTEMPTS} times")

    def get_span(self, site: str, group: int, span: Span, now_ms: int) -> dict[BlockKey, Block]:
        """Returns the existing blocks of a group in whole windows, read consistently, expired ones too.

        A query is billed by the bytes that it reads, where each block of `get_batch` takes a unit of its own.
        """
        stored: dict[BlockKey, Block] = {}
        for window_ms, of_window in segments.by_window(self._query(site, group, span)):
            whole, item = hot_items.assemble(window_ms, of_window, now_ms)
            if not whole:
                item = self._read_again(site, (group, window_ms), now_ms)
            if item is not None:
                stored[group, window_ms] = hot_items.decode(item)
        return stored

    def put(self, site: str, key: BlockKey, block: Block, before: Block | None) -> bool:
        """Writes the block over the one that was read; returns False when another writer came first.

        Returns True when that writer wrote the same block, of a fetch that began at the same time.
        """
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if block.revision > 1:
            condition = {
                "ConditionExpression": "r = :read",
                "ExpressionAttributeValues": {":read": {"N": str(block.revision - 1)}},
            }
        written = hot_items.encode(site, key, block, before.items if before else 1)
        puts = [{"TableName": self._table, "Item": item} for item in written]
        puts[0] |= condition
        if len(puts) > 1:
            return self._transact([{"Put": put} for put in puts])
        return conditional.write(self._client.put_item, puts[0], written[0], self._runtime)

    def expire(self, site: str, block: StoredBlock, expires_at: int) -> bool:
        """Sets the time (epoch s) when the block expires; returns False when it changed since it was read.

        A repeat finds the same revision.
        """
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
        return conditional.write(self._client.update_item, updates[0], {}, self._runtime)

    def _transact(self, writes: list[Any]) -> bool:
        """Returns False, after a pause, also when another write was under way or DynamoDB throttled."""
        try:
            return conflicts.transact(self._client, writes, self._runtime)
        except conflicts.RepeatableError as error:
            conflicts.pause(error.pause_s, self._runtime)
            return False

    def _query(
        self,
        site: str,
        group: int,
        span: Span,
        *,
        newest_first: bool = False,
        consistent: bool = True,
        cost: Cost | None = None,
    ) -> Iterator[Item]:
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
            request["Limit"] = _NEWEST
        for page in items.pages(self._client.query, request, "a query of one group", _MAX_PAGES):
            if cost:
                cost.add_page(page, consistent=consistent)
            yield from page

    def _read_again(self, site: str, key: BlockKey, now_ms: int, cost: Cost | None = None) -> Item | None:
        """Returns one block as an item, read consistently until its items are of one write."""
        group, window_ms = key
        window = Span(window_ms, window_ms + WINDOW_MS)
        for attempt in range(_READ_ATTEMPTS):
            stored = list(self._query(site, group, window, cost=cost))
            whole, item = hot_items.assemble(window_ms, stored, now_ms)
            if whole:
                return item
            self._runtime.sleep(self._runtime.uniform(0, 0.05 * 2**attempt))
        raise ConflictError(f"block {group}/{window_ms} of {site} was not whole in {_READ_ATTEMPTS} reads")

    def _block(self, site: str, key: BlockKey, item: Item, now_ms: int) -> Block | None:
        """Returns the block of this first item; if it has expired, only its revision matters."""
        whole: Item | None = item
        if segments.count(item) > 1 and hot_items.is_alive(item, now_ms):
            whole = self._read_again(site, key, now_ms)
        return hot_items.decode(whole) if whole is not None else None
