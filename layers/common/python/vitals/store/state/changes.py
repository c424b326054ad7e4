"""The changes of a site's settings: an append-only list of who changed what, and when.

An item holds the changes of one write, and is put in the transaction of that write: neither is stored
without the other. Item: who S; b zstd of a JSON list of [what, subject, before, after].
The number of a change is its time (UTC ms), ten random bits and ten bits of its index in the item.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson
import zstandard

from vitals.aws.runtime import SYSTEM, Runtime
from vitals.model.records.changes import Change, RecordedChange
from vitals.store import conflicts, items, keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_INDEX_BITS = 10
_RANDOM_BITS = 10
_TIME_SHIFT = _INDEX_BITS + _RANDOM_BITS
MAX_CHANGES = 1 << _INDEX_BITS
"""Changes of one write."""
_END = 1 << 63
_MAX_PAGES = 1_000


class ChangeTable:
    """The changes of sites in the state table."""

    def __init__(self, client: "DynamoDBClient", table: str, runtime: Runtime = SYSTEM) -> None:
        self._client = client
        self._table = table
        self._runtime = runtime

    def write(self, site: str, who: str, changes: Sequence[Change], update: Mapping[str, Any]) -> bool:
        """Makes a conditional UpdateItem request and records its changes, 1 to MAX_CHANGES of them.

        Returns False, and nothing changes, when another writer came first; raises
        RepeatableError as conflicts.transact does.
        """
        writes: list[Any] = [{"Update": update}, {"Put": self.put_of(site, who, changes)}]
        return conflicts.transact(self._client, writes, self._runtime)

    def put_of(self, site: str, who: str, changes: Sequence[Change]) -> dict[str, Any]:
        """Returns the PutItem request that records changes, for a transaction with what changes."""
        return {
            "TableName": self._table,
            "Item": keys.change(site, self._new_number()) | _attributes(who, changes),
            "ConditionExpression": "attribute_not_exists(pk)",
        }

    def newest(self, site: str, limit: int, before: int | None = None) -> list[RecordedChange]:
        """Returns at most `limit` changes, newest first; with `before`, those with lower numbers."""
        end = _END if before is None else before
        changes = (change for change in self._from(site, end, limit) if change.number < end)
        return list(islice(changes, limit))

    def _from(self, site: str, end: int, limit: int) -> Iterator[RecordedChange]:
        """Yields the changes of the items that begin before a number, newest first; a page has `limit` items.

        The first change of each item has a lower number, so a page has as many changes as the caller needs.
        """
        request = items.selecting(self._table, keys.changes_partition(site))
        request["KeyConditionExpression"] = "pk = :pk AND sk BETWEEN :low AND :high"
        numbers = {":low": 0, ":high": end - 1}
        request["ExpressionAttributeValues"] |= {
            name: keys.change(site, number)["sk"] for name, number in numbers.items()
        }
        request |= {"ScanIndexForward": False, "Limit": limit}
        for page in items.pages(self._client.query, request, f"the changes of {site}", _MAX_PAGES):
            for item in page:
                yield from reversed(_changes(item))

    def _new_number(self) -> int:
        end = 1 << _RANDOM_BITS
        random = min(int(self._runtime.uniform(0, end)), end - 1)
        return self._runtime.now_ms() << _TIME_SHIFT | random << _INDEX_BITS


def _attributes(who: str, changes: Sequence[Change]) -> dict[str, Any]:
    if not 1 <= len(changes) <= MAX_CHANGES:
        raise ValueError(f"{len(changes)} changes in one write")
    rows = [(change.what, change.subject, change.before, change.after) for change in changes]
    return {"who": {"S": who}, "b": {"B": zstandard.compress(orjson.dumps(rows), 9)}}


def _changes(item: Mapping[str, Any]) -> list[RecordedChange]:
    first = int(item["sk"]["S"])
    rows = orjson.loads(zstandard.decompress(item["b"]["B"]))
    return [
        RecordedChange(first + index, first >> _TIME_SHIFT, item["who"]["S"], _change(*row))
        for index, row in enumerate(rows)
    ]


def _change(what: Any, subject: str, *values: Any) -> Change:
    before, after = (tuple(value) if isinstance(value, list) else value for value in values)
    return Change(what, subject, before, after)
