"""Tables of DynamoDB in memory: items in the order of their keys, as they are and as they lately were."""

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from tests.simulation.aws.dynamodb_conditions import KeyRange
from tests.simulation.aws.dynamodb_values import (
    AttributeValue,
    InvalidError,
    Item,
    Scalar,
    Stored,
    checked,
    number,
    scalar,
)

HISTORY_MS = 5_000
# A reaper of TTL leaves items alone that expired longer ago.
_MAX_EXPIRED_S = 5 * 365 * 86_400
_KEY_BYTES = 2048, 1024

type Key = tuple[Scalar, Scalar]
"""The contents of the partition key and the sort key."""
type Observer = Callable[[Key, Item | None, Item | None], None]
"""Takes a key with the item before and after a write, which it must not change."""


@dataclass(frozen=True, slots=True)
class TableKeys:
    """The attributes of a table's key and their types (S, N or B)."""

    partition: str = "pk"
    sort: str = "sk"
    partition_type: str = "S"
    sort_type: str = "S"

    @classmethod
    def of_properties(cls, properties: Mapping[str, Any]) -> "TableKeys":
        """Returns the keys of a table of the template."""
        names = {key["KeyType"]: key["AttributeName"] for key in properties["KeySchema"]}
        types = {
            attribute["AttributeName"]: attribute["AttributeType"]
            for attribute in properties["AttributeDefinitions"]
        }
        partition, sort = names["HASH"], names["RANGE"]
        return cls(partition, sort, types[partition], types[sort])

    def key(self, key: Item) -> Key:
        """Returns the key of a request's Key; InvalidError when it has not the table's form."""
        if key.keys() != {self.partition, self.sort} or not self._typed(key):
            raise InvalidError("The provided key element does not match the schema")
        return self._contents({name: checked(value) for name, value in key.items()})

    def of_item(self, item: Item) -> Key:
        """Returns the key of a checked item."""
        for name, form in ((self.partition, self.partition_type), (self.sort, self.sort_type)):
            if name not in item:
                raise InvalidError(
                    f"One or more parameter values were invalid: Missing the key {name} in the item"
                )
            if form not in item[name]:
                raise InvalidError(
                    f"One or more parameter values were invalid: Type mismatch for key {name} "
                    f"expected: {form} actual: {next(iter(item[name]))}"
                )
        return self._contents(item)

    def attributes(self, item: Item) -> dict[str, AttributeValue]:
        """Returns the key attributes of an item."""
        return {self.partition: item[self.partition].copy(), self.sort: item[self.sort].copy()}

    def check_range(self, selected: KeyRange) -> None:
        """Raises InvalidError when the operands of a key condition do not suit the table."""
        forms = {form for operand in selected.operands for form in operand}
        if self.partition_type not in selected.partition or forms - {self.sort_type}:
            raise InvalidError(
                "One or more parameter values were invalid: "
                "Condition parameter type does not match schema type"
            )
        low_high: Any = [scalar(operand) for operand in selected.operands]
        if selected.operator == "BETWEEN" and low_high[0] > low_high[1]:
            raise InvalidError(
                "Invalid KeyConditionExpression: The BETWEEN operator requires upper bound "
                "to be greater than or equal to lower bound"
            )

    def _typed(self, key: Item) -> bool:
        return self.partition_type in key[self.partition] and self.sort_type in key[self.sort]

    def _contents(self, key: Item) -> Key:
        contents = scalar(key[self.partition]), scalar(key[self.sort])
        for name, content, limit in zip((self.partition, self.sort), contents, _KEY_BYTES, strict=True):
            if isinstance(content, str | bytes):
                _check_key(name, content, limit)
        assert contents[0] is not None and contents[1] is not None
        return contents[0], contents[1]


def _check_key(name: str, content: str | bytes, limit: int) -> None:
    if not content:
        raise InvalidError(
            "One or more parameter values are not valid. The AttributeValue for a key attribute "
            f"cannot contain an empty string value. Key: {name}"
        )
    if len(content.encode() if isinstance(content, str) else content) > limit:
        raise InvalidError(
            f"One or more parameter values were invalid: the size of key {name} exceeds {limit} bytes"
        )


@dataclass(slots=True)
class _Row:
    """An item, and what it was before, each with the time (ms) when it was replaced, oldest first."""

    current: Stored | None = None
    previous: list[tuple[int, Stored | None]] = field(default_factory=list)

    def at_moment(self, moment_ms: int | None) -> Stored | None:
        """Returns the item as it was at a moment, or as it is."""
        if moment_ms is not None:
            for replaced_ms, stored in self.previous:
                if moment_ms < replaced_ms:
                    return stored
        return self.current


@dataclass(slots=True)
class _Partition:
    """The rows of a partition by sort key, with these keys in order."""

    rows: dict[Scalar, _Row] = field(default_factory=dict)
    order: list[Any] = field(default_factory=list)

    def row(self, sort: Scalar) -> _Row:
        """Returns the row, a new one without an item when there is none."""
        if sort not in self.rows:
            self.rows[sort] = _Row()
            insort(self.order, sort)
        return self.rows[sort]

    def remove(self, sort: Scalar) -> None:
        del self.rows[sort]
        del self.order[bisect_left(self.order, sort)]


class Table:
    """The items of one table, and those that were replaced within HISTORY_MS."""

    def __init__(self, name: str, keys: TableKeys, now_ms: Callable[[], int]) -> None:
        self.name = name
        self.keys = keys
        self._now_ms = now_ms
        self._partitions: dict[Scalar, _Partition] = {}
        self._replaced: deque[tuple[int, _Partition, Scalar]] = deque()
        self.observers: list[Observer] = []

    def read(self, key: Key, moment_ms: int | None = None) -> Stored | None:
        """Returns the item as it was at a moment (UTC ms), or as it is."""
        partition = self._partitions.get(key[0])
        row = partition.rows.get(key[1]) if partition else None
        return row.at_moment(moment_ms) if row else None

    def write(self, key: Key, stored: Stored | None) -> None:
        """Replaces an item; None deletes it."""
        now_ms = self._now_ms()
        self._forget(now_ms - HISTORY_MS)
        partition = self._partitions.get(key[0])
        if partition is None:
            partition = self._partitions[key[0]] = _Partition()
        row = partition.row(key[1])
        before = row.current
        row.previous.append((now_ms, before))
        row.current = stored
        self._replaced.append((now_ms, partition, key[1]))
        for observe in self.observers:
            observe(key, before.attributes if before else None, stored.attributes if stored else None)

    def select(
        self, selected: KeyRange, moment_ms: int | None, *, after: Scalar | None, forward: bool
    ) -> Iterator[Stored]:
        """Yields the items of a key condition in the order of their sort keys, after that of a page."""
        content = scalar(selected.partition)
        partition = self._partitions.get(content) if content is not None else None
        if partition is None:
            return
        order = partition.order
        first, end = _bounds(order, selected)
        if after is not None and forward:
            first = max(first, bisect_right(order, after))
        elif after is not None:
            end = min(end, bisect_left(order, after))
        chosen = order[first:end]
        for sort in chosen if forward else reversed(chosen):
            stored = partition.rows[sort].at_moment(moment_ms)
            if stored is not None:
                yield stored

    def scan(self, moment_ms: int | None, *, after: Key | None = None) -> Iterator[Stored]:
        """Yields all items by the hash of their partitions, after that of a page."""
        start = _hashed(after[0]) if after is not None else None
        for hashed in sorted(map(_hashed, self._partitions)):
            partition, first = self._partitions[hashed[1]], 0
            if after is not None and start is not None:
                if hashed < start:
                    continue
                first = bisect_right(partition.order, after[1]) if hashed == start else 0
            for sort in partition.order[first:]:
                stored = partition.rows[sort].at_moment(moment_ms)
                if stored is not None:
                    yield stored

    def reap(self, attribute: str, choose: Callable[[], bool]) -> int:
        """Deletes the expired items that are chosen; returns their number."""
        now_s = self._now_ms() // 1000
        expired = [
            self.keys.of_item(stored.attributes)
            for stored in self.scan(None)
            if "N" in (value := stored.attributes.get(attribute, {}))
            and 0 < now_s - number(value["N"]) <= _MAX_EXPIRED_S
        ]
        chosen = [key for key in expired if choose()]
        for key in chosen:
            self.write(key, None)
        return len(chosen)

    def _forget(self, until_ms: int) -> None:
        """Forgets what was replaced until then, which no read shows any more."""
        while self._replaced and self._replaced[0][0] <= until_ms:
            _, partition, sort = self._replaced.popleft()
            row = partition.rows[sort]
            row.previous.pop(0)
            if row.current is None and not row.previous:
                partition.remove(sort)


def _hashed(content: Scalar) -> tuple[int, Any]:
    return crc32(str(content).encode()), content


def _bounds(order: list[Any], selected: KeyRange) -> tuple[int, int]:
    """Returns the start and the end, in the order of a partition, of the sort keys that are selected."""
    low: Any = scalar(selected.operands[0]) if selected.operands else None
    high: Any = scalar(selected.operands[-1]) if selected.operands else None
    match selected.operator:
        case "=" | "BETWEEN":
            return bisect_left(order, low), bisect_right(order, high)
        case "begins_with":
            return bisect_left(order, low), bisect_right(order, low, key=lambda sort: sort[: len(low)])
        case "<" | "<=":
            return 0, (bisect_left if selected.operator == "<" else bisect_right)(order, high)
        case ">" | ">=":
            return (bisect_right if selected.operator == ">" else bisect_left)(order, low), len(order)
    return 0, len(order)
