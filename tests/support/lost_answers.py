"""Loses the answer to one request of a run: AWS does what it was asked, and botocore asks again.

A test runs the code and asserts that the result is the same as without a lost answer:

    with LostAnswer("PutItem", number=2).patched():
        archiver.archive(day)

Without a number the requests are counted only. moto answers, for every client of the process.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError
from moto.core.botocore_stubber import BotocoreStubber

WRITES = (
    "BatchWriteItem",
    "DeleteItem",
    "PutItem",
    "TransactWriteItems",
    "UpdateItem",
    "DeleteObject",
    "DeleteObjects",
    "PutObject",
    "SendMessageBatch",
    "StartExecution",
)
"""Operations of DynamoDB, S3, SQS and Step Functions that change something."""


class LostAnswer:
    """Loses the answer to the request of this number, counted from 0, among those of some operations."""

    def __init__(self, *operations: str, number: int | None = None) -> None:
        self._operations = operations or WRITES
        self._number = number
        self._lock = threading.Lock()
        self._transactions: dict[str, Any] = {}
        self.requests: list[str] = []
        """The operations of the requests, without the repeat of the lost one."""
        self.lost = False

    @contextmanager
    def patched(self) -> Iterator["LostAnswer"]:
        """Applies to every request in the `with` block; fails unless the answer was lost."""
        stub = BotocoreStubber.__call__

        def answer(stubber: BotocoreStubber, event_name: str, request: Any, **named: Any) -> Any:
            operation = event_name.rpartition(".")[2]
            is_lost = operation in self._operations and self._begin(operation)
            response = self._response(operation, request, lambda: stub(stubber, event_name, request, **named))
            if is_lost:
                raise ConnectionClosedError(endpoint_url=request.url)
            return response

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BotocoreStubber, "__call__", answer)
            # The pause before a repeat.
            patch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
            yield self
        assert self.lost or self._number is None, f"only {len(self.requests)} requests: {self.requests}"

    def _begin(self, operation: str) -> bool:
        """Counts a request; returns whether its answer is to be lost."""
        with self._lock:
            self.requests.append(operation)
            if self.lost or len(self.requests) - 1 != self._number:
                return False
            self.lost = True
            return True

    def _response(self, operation: str, request: Any, call: Any) -> Any:
        """Answers a repeated transaction as DynamoDB does and moto does not: as it was answered first."""
        if operation != "TransactWriteItems":
            return call()
        token = json.loads(request.body)["ClientRequestToken"]
        if token not in self._transactions:
            self._transactions[token] = call()
        return self._transactions[token]


def requests(run: Any, *operations: str) -> list[str]:
    """Returns the operations of a run's requests, in order."""
    with LostAnswer(*operations).patched() as counted:
        run()
    return counted.requests
