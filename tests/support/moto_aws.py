"""What moto needs to behave like AWS under threads, and its tables as bytes."""

import pickle
import threading
from typing import Any

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.botocore_stubber import BotocoreStubber
from moto.dynamodb.models import dynamodb_backends


def serialize_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB applies an update whole; moto's threads see one another's half-made items."""
    lock, process = threading.RLock(), BotocoreStubber.process_request

    def locked(stubber: BotocoreStubber, request: Any) -> Any:
        with lock:
            return process(stubber, request)

    monkeypatch.setattr(BotocoreStubber, "process_request", locked)


def _tables() -> dict[str, Any]:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables  # type: ignore[no-any-return]


def saved_tables() -> bytes:
    """The items of all tables of moto."""
    return pickle.dumps({name: table.items for name, table in _tables().items()})


def restore_tables(saved: bytes) -> None:
    """Puts the items back into new tables of these names, without a request for each."""
    for name, items in pickle.loads(saved).items():
        _tables()[name].items = items
