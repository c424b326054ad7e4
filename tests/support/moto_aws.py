"""What moto needs to behave like AWS under threads, and to be fast, and copies of what it stores."""

import pickle
import threading
from collections.abc import Callable, Hashable
from functools import cache
from typing import Any

import pytest
from botocore.useragent import UserAgentComponent
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.serialize import BaseJSONSerializer
from moto.core.utils import method_names_from_class
from moto.dynamodb.comparisons import get_comparison_func
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.dynamodb.models.utilities import bytesize
from moto.dynamodb.parsing.ast_nodes import (
    DepthFirstTraverser,
    Expression,
    Node,
    UpdateExpressionFunction,
)
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.s3.models import s3_backends

_CERTAINLY_SMALL = 300_000
"""In bytes. moto and AWS refuse items of more than 400 KB."""


def like_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Applies every patch of this module."""
    for patch in (
        serialize_requests,
        query_partitions,
        serialize_values,
        validate_updates,
        measure_items_once,
        parse_once,
    ):
        patch(monkeypatch)


def serialize_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB applies an update whole; moto's threads see one another's half-made items."""
    lock, process = threading.RLock(), BotocoreStubber.process_request

    def locked(stubber: BotocoreStubber, request: Any) -> Any:
        with lock:
            return process(stubber, request)

    monkeypatch.setattr(BotocoreStubber, "process_request", locked)


def query_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A query of moto sorts and measures all items of a table; only those of its key condition can match.

    A query changes the table while it lasts, so that requests must be serialized too.
    """
    query = Table.query

    def of_partition(
        table: Table,
        hash_key: Any,
        comparison: str | None,
        values: Any,
        limit: Any,
        *arguments: Any,
        **named: Any,
    ) -> Any:
        if table.indexes or table.global_indexes:
            return query(table, hash_key, comparison, values, limit, *arguments, **named)
        items = table.items
        partition: Any = items.get(hash_key, {})
        try:
            # With a limit, moto decides from the items behind the last whether there is another page.
            if comparison and not limit:
                partition = _matching(partition, comparison, values)
            table.items = {hash_key: partition} if partition else {}
            return query(table, hash_key, comparison, values, limit, *arguments, **named)
        finally:
            table.items = items

    monkeypatch.setattr(Table, "query", of_partition)


def _matching(partition: dict[Any, Any], comparison: str, values: list[Any]) -> dict[Any, Any]:
    """Returns the items of a partition whose sort keys match."""
    matches = get_comparison_func(comparison)
    casted = [value.cast_value for value in values]
    return {key: item for key, item in partition.items() if matches(key.cast_value, *casted)}


def serialize_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto looks for each type of each value of an item under several names; it has the name of its type."""
    get_value = BaseJSONSerializer.get_value

    def of_type(serializer: Any, value: Any, key: str, shape: Any) -> Any:
        if shape.parent.name == "AttributeValue" and isinstance(value, dict):
            return value.get(key)
        return get_value(serializer, value, key, shape)

    monkeypatch.setattr(BaseJSONSerializer, "get_value", of_type)


def measure_items_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto measures a whole item for each attribute that is set; only a large item can be too large."""
    set_attribute = LimitedSizeDict.__setitem__

    def bounded(attributes: Any, key: str, value: Any) -> None:
        # The sum of all that was ever set is at least the size of the item. A copy is measured once.
        if not hasattr(attributes, "bound"):
            attributes.bound = sum(_size(*attribute) for attribute in attributes.items())
        attributes.bound += _size(key, value)
        if attributes.bound > _CERTAINLY_SMALL:
            set_attribute(attributes, key, value)
        else:
            dict.__setitem__(attributes, key, value)

    monkeypatch.setattr(LimitedSizeDict, "__setitem__", bounded)


def parse_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto parses an expression twice in each update, and lists the methods of a service in each request."""
    make = cache(UpdateExpressionParser.make)
    monkeypatch.setattr(UpdateExpressionParser, "make", staticmethod(make))
    monkeypatch.setattr("moto.core.responses.method_names_from_class", cache(method_names_from_class))
    # botocore cleans the same names of the user agent for each request.
    monkeypatch.setattr(UserAgentComponent, "to_string", cache(UserAgentComponent.to_string))


def _size(key: str, value: Any) -> int:
    return bytesize(key) + (value.size() if type(value) is DynamoType else bytesize(str(value)))


def _tables() -> dict[str, Any]:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables  # type: ignore[no-any-return]


def _buckets() -> dict[str, Any]:
    return s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets  # type: ignore[no-any-return]


def saved_tables() -> bytes:
    """The items of all tables of moto."""
    return pickle.dumps({name: table.items for name, table in _tables().items()})


def restore_tables(saved: bytes) -> None:
    """Puts the items back into new tables of these names, without a request for each."""
    for name, items in pickle.loads(saved).items():
        _tables()[name].items = items


_FILLED: dict[Hashable, tuple[bytes, bytes]] = {}


def fill_once(content: Hashable, fill: Callable[[], Any]) -> None:
    """Fills the stores: the first time by requests, from then on with a copy of all tables and buckets.

    What they have before is part of what `content` names.
    """
    if content in _FILLED:
        tables, objects = _FILLED[content]
        restore_tables(tables)
        for name, keys in pickle.loads(objects).items():
            _buckets()[name].keys = keys
    else:
        fill()
        objects = pickle.dumps({name: bucket.keys for name, bucket in _buckets().items()})
        _FILLED[content] = saved_tables(), objects


def validate_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto copies the tree of an update by `deepcopy`, and ten passes ask each node for its class."""
    monkeypatch.setattr(Node, "__deepcopy__", _copied_tree, raising=False)
    monkeypatch.setattr(DepthFirstTraverser, "traverse_node_recursively", _traverse)
    monkeypatch.setattr(Node, "find_clauses", _clauses_in)


def _copied_tree(node: Any, memo: Any = None) -> Any:
    """Returns a tree with the same leaves."""
    copied = object.__new__(type(node))
    copied.__dict__ |= node.__dict__
    if node.children is not None:
        copied.children = [
            _copied_tree(child) if isinstance(child, Node) else child for child in node.children
        ]
        for child in copied.children:
            if isinstance(child, Node):
                child.parent = copied
    return copied


def _traverse(traverser: Any, node: Any, child_id: int = -1) -> Any:
    """Replaces the nodes that the traverser processes, the children of each first."""
    if not _is_subclass(type(node), Node):
        return node
    parent = node.parent
    for place, child in enumerate(node.children or ()):
        traverser.pre_processing_of_child(node, place)
        _traverse(traverser, child, place)
    if _is_processed(traverser, type(node)):
        node = traverser.process(node)
        node.parent = parent
        if parent:
            parent.children[child_id] = node
    return node


def _clauses_in(node: Any, clause_types: Any) -> list[Any]:
    """Returns the clauses of some types in a tree, in order."""
    clauses = []
    for child in node.children or ():
        if type(child) in clause_types:
            clauses.append(child)
        elif _is_subclass(type(child), (Expression, UpdateExpressionFunction)):
            clauses += _clauses_in(child, clause_types)
    return clauses


_is_subclass: Any = cache(issubclass)
_PROCESSED: dict[tuple[type, type], bool] = {}


def _is_processed(traverser: Any, node_type: type) -> bool:
    key = (type(traverser), node_type)
    if key not in _PROCESSED:
        _PROCESSED[key] = issubclass(node_type, traverser.nodes_to_be_processed())
    return _PROCESSED[key]
