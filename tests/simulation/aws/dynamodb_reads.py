"""Reads of several items: pages of Query and Scan, and BatchGetItem."""

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

from tests.simulation.aws.dynamodb_conditions import key_range
from tests.simulation.aws.dynamodb_requests import Expressions, Request
from tests.simulation.aws.dynamodb_tables import Table
from tests.simulation.aws.dynamodb_values import InvalidError, Stored, checked_item

MAX_PAGE_BYTES = 1024 * 1024
MAX_BATCH_KEYS = 100
MAX_BATCH_BYTES = 16 * 1024 * 1024


def query(table: Table, request: Request, moment_ms: int | None) -> dict[str, Any]:
    """Returns a page of the items of a key condition."""
    parameters = Expressions(request)
    node = parameters.condition("KeyConditionExpression")
    if node is None:
        raise InvalidError("Either the KeyConditions or KeyConditionExpression parameter must be specified")
    selected = key_range(node, parameters.values, table.keys.partition, table.keys.sort)
    table.keys.check_range(selected)
    start = _start(table, request)
    after = None
    if start is not None:
        if request["ExclusiveStartKey"][table.keys.partition] != selected.partition:
            raise InvalidError("The provided starting key is outside query boundaries")
        after = start[1]
    forward = request.get("ScanIndexForward", True)
    return _page(table, request, parameters, table.select(selected, moment_ms, after=after, forward=forward))


def scan(table: Table, request: Request, moment_ms: int | None) -> dict[str, Any]:
    """Returns a page of all items."""
    stored = table.scan(moment_ms, after=_start(table, request))
    return _page(table, request, Expressions(request), stored)


def _start(table: Table, request: Request) -> Any:
    key = request.get("ExclusiveStartKey")
    return None if key is None else table.keys.key(key)


def _page(
    table: Table, request: Request, parameters: Expressions, stored: Iterator[Stored]
) -> dict[str, Any]:
    matches = parameters.compiled("FilterExpression")
    parameters.check_used()
    read, last = _read(stored, request.get("Limit"))
    shown = [item for item in read if not matches or matches(item.attributes, parameters.values)]
    page: dict[str, Any] = {
        "Items": [item.copy() for item in shown],
        "Count": len(shown),
        "ScannedCount": len(read),
    }
    return page | ({"LastEvaluatedKey": table.keys.attributes(last.attributes)} if last else {})


def _read(stored: Iterator[Stored], limit: int | None) -> tuple[list[Stored], Stored | None]:
    """Returns the items up to the limits, and the last of them if reading stopped there.

    With Limit it also stops when that item is the last of all: DynamoDB does not look ahead.
    """
    if limit is not None and limit < 1:
        raise InvalidError("Limit must be greater than or equal to 1")
    read: list[Stored] = []
    size = 0
    for item in stored:
        size += item.size
        if read and size > MAX_PAGE_BYTES:
            return read, read[-1]
        read.append(item)
        if len(read) == limit:
            return read, item
    return read, None


def batch(
    requested: Mapping[str, Request],
    table: Callable[[str], Table],
    moment: Callable[[], int | None],
    random: Random,
    *,
    incomplete: bool,
) -> dict[str, Any]:
    """Returns the items of a BatchGetItem in no order, and the keys that it did not process."""
    keys = [(name, key) for name, request in requested.items() for key in request["Keys"]]
    if not keys or len(keys) > MAX_BATCH_KEYS:
        raise InvalidError("Too many items requested for the BatchGetItem call")
    if len({(name, table(name).keys.key(key)) for name, key in keys}) < len(keys):
        raise InvalidError("Provided list of item keys contains duplicates")
    consistent = {name: bool(request.get("ConsistentRead")) for name, request in requested.items()}
    moment_ms = None if all(consistent.values()) else moment()
    random.shuffle(keys)
    end = random.randrange(1, len(keys)) if incomplete and len(keys) > 1 else len(keys)
    responses: dict[str, list[Any]] = {name: [] for name in requested}
    size = 0
    for index, (name, key) in enumerate(keys[:end]):
        stored = table(name).read(table(name).keys.key(key), None if consistent[name] else moment_ms)
        size += stored.size if stored else 0
        if index and size > MAX_BATCH_BYTES:
            end = index
            break
        if stored:
            responses[name].append(stored.copy())
    return {"Responses": responses, "UnprocessedKeys": _unprocessed(requested, keys[end:])}


def _unprocessed(requested: Mapping[str, Request], keys: list[tuple[str, Any]]) -> dict[str, Any]:
    remaining: dict[str, Any] = {}
    for name, key in keys:
        others = {option: value for option, value in requested[name].items() if option != "Keys"}
        remaining.setdefault(name, {"Keys": [], **others})["Keys"].append(checked_item(key))
    return remaining
