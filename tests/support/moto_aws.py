"""What moto needs to behave like AWS under threads, and its tables as bytes."""

import pickle
import threading
from typing import Any

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table


def serialize_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB applies an update whole; moto's threads see one another's half-made items."""
    lock, process = threading.RLock(), BotocoreStubber.process_request

    def locked(stubber: BotocoreStubber, request: Any) -> Any:
        with lock:
            return process(stubber, request)

    monkeypatch.setattr(BotocoreStubber, "process_request", locked)


def query_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A query of moto sorts and compares all items of a table; only those of its partition can match."""
    query = Table.query

    def of_partition(table: Table, hash_key: Any, *arguments: Any, **named: Any) -> Any:
        if table.indexes or table.global_indexes:
            return query(table, hash_key, *arguments, **named)
        items = table.items
        try:
            table.items = {hash_key: items[hash_key]} if hash_key in items else {}
            return query(table, hash_key, *arguments, **named)
        finally:
            table.items = items

    monkeypatch.setattr(Table, "query", of_partition)


def serialize_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """moto looks for each type of each value of an item under several names; it has the name of its type."""
    get_value = BaseJSONSerializer.get_value

    def of_type(serializer: Any, value: Any, key: str, shape: Any) -> Any:
        if shape.parent.name == "AttributeValue" and isinstance(value, dict):
            return value.get(key)
        return get_value(serializer, value, key, shape)

    monkeypatch.setattr(BaseJSONSerializer, "get_value", of_type)


def _tables() -> dict[str, Any]:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables  # type: ignore[no-any-return]


def saved_tables() -> bytes:
    """The items of all tables of moto."""
    return pickle.dumps({name: table.items for name, table in _tables().items()})


def restore_tables(saved: bytes) -> None:
    """Puts the items back into new tables of these names, without a request for each."""
    for name, items in pickle.loads(saved).items():
        _tables()[name].items = items
