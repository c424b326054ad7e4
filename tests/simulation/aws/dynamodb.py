"""DynamoDB in memory: one call is one atomic effect.

Operations, parameters and expressions that the product does not use raise NotImplementedError.
"""

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from random import Random
from typing import Any

from tests.simulation.aws import dynamodb_reads as reads
from tests.simulation.aws import dynamodb_requests as requests
from tests.simulation.aws.dynamodb_requests import ConditionFailedError, Request, Write
from tests.simulation.aws.dynamodb_tables import HISTORY_MS, Observer, Table, TableKeys
from tests.simulation.aws.dynamodb_values import InvalidError, RefusedError, Stored
from tests.simulation.aws.errors import refusal

__all__ = ["DynamoDB", "TableKeys"]

_MAX_WRITES = 100
_MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
_TOKEN_MS = 10 * 60_000
_WRITES: dict[str, Callable[[Table, Request], Write]] = {
    "put_item": requests.put,
    "update_item": requests.update,
    "delete_item": requests.delete,
    "Put": requests.put,
    "Update": requests.update,
    "Delete": requests.delete,
}
_OLD, _NEW = ("ALL_OLD", "UPDATED_OLD"), ("ALL_NEW", "UPDATED_NEW")
_RETURNED = _OLD + _NEW


class _CancelledError(RefusedError):
    """A transaction was cancelled; the details have a reason for each write."""

    code = "TransactionCanceledException"


class _UnknownTableError(RefusedError):
    """There is no table with this name."""

    code = "ResourceNotFoundException"


class _ReusedTokenError(RefusedError):
    """The token of a transaction was that of another one."""

    code = "IdempotentParameterMismatchException"


class DynamoDB:
    """Tables, by name.

    A read that is not consistent shows the tables as they were `stale_ms()` ago, at most HISTORY_MS. When
    `unprocessed()` is true, a BatchGetItem leaves some of its keys unprocessed.
    """

    def __init__(
        self,
        tables: Mapping[str, TableKeys],
        now_ms: Callable[[], int],
        random: Random,
        *,
        stale_ms: Callable[[], int] = lambda: 0,
        unprocessed: Callable[[], bool] = lambda: False,
    ) -> None:
        self._tables = {name: Table(name, keys, now_ms) for name, keys in tables.items()}
        self._now_ms = now_ms
        self._random = random
        self._stale_ms = stale_ms
        self._unprocessed = unprocessed
        self._tokens: dict[str, tuple[int, bytes]] = {}

    def call(self, operation: str, request: Request) -> dict[str, Any]:
        """Answers a request of botocore's client; raises what the client raises."""
        requests.check_parameters(operation, request)
        try:
            return self._answer(operation, request)
        except RefusedError as error:
            name = "".join(word.title() for word in operation.split("_"))
            raise refusal("dynamodb", name, error.code, str(error), **error.details) from None

    def items(self, table: str) -> Iterator[dict[str, Any]]:
        """Yields the items of a table as they are, in the order of a scan."""
        return (stored.copy() for stored in self._tables[table].scan(None))

    def get(self, table: str, key: Mapping[str, Any]) -> dict[str, Any] | None:
        """Returns an item as it is, None when there is none."""
        stored = self._tables[table].read(self._tables[table].keys.key(key))
        return stored.copy() if stored else None

    def watch(self, table: str, observer: Observer) -> None:
        """Calls the observer at each write of an item of the table."""
        self._tables[table].observers.append(observer)

    def reap(self, table: str, attribute: str, choose: Callable[[], bool]) -> int:
        """Deletes the chosen items of those whose `attribute` (epoch s) has passed; returns their number."""
        return self._tables[table].reap(attribute, choose)

    def _answer(self, operation: str, request: Request) -> dict[str, Any]:
        if operation == "transact_write_items":
            return self._transact(request)
        if operation == "batch_get_item":
            return reads.batch(
                request["RequestItems"],
                self._table,
                self._moment,
                self._random,
                incomplete=self._unprocessed(),
            )
        table = self._table(request["TableName"])
        if operation in _WRITES:
            returned = request.get("ReturnValues", "NONE")
            if returned != "NONE" and returned not in (_RETURNED if operation == "update_item" else _OLD[:1]):
                raise InvalidError("ReturnValues can only be ALL_OLD or NONE")
            return _written(_WRITES[operation](table, request), returned)
        moment_ms = None if request.get("ConsistentRead") else self._moment()
        if operation == "get_item":
            stored = table.read(table.keys.key(request["Key"]), moment_ms)
            return {"Item": stored.copy()} if stored else {}
        return (reads.query if operation == "query" else reads.scan)(table, request, moment_ms)

    def _moment(self) -> int | None:
        stale_ms = self._stale_ms()
        return self._now_ms() - min(stale_ms, HISTORY_MS) if stale_ms else None

    def _table(self, name: str) -> Table:
        if name not in self._tables:
            raise _UnknownTableError(f"Requested resource not found: Table: {name} not found")
        return self._tables[name]

    def _transact(self, request: Request) -> dict[str, Any]:
        """Makes all of the writes or none; one that repeats a request's token has been made already."""
        entries = request["TransactItems"]
        if not 1 <= len(entries) <= _MAX_WRITES:
            raise InvalidError(f"TransactItems must have 1 to {_MAX_WRITES} members")
        token, digest = request.get("ClientRequestToken"), b""
        if token is not None:
            digest = sha256(repr(entries).encode()).digest()
            if self._is_repeated(token, digest):
                return {}
        writes = [self._entry(entry) for entry in entries]
        if len({(write.table.name, write.key) for write in writes}) < len(writes):
            raise InvalidError("Transaction request cannot include multiple operations on one item")
        _commit(writes)
        if token is not None:
            self._tokens[token] = self._now_ms(), digest
        return {}

    def _is_repeated(self, token: str, digest: bytes) -> bool:
        oldest_ms = self._now_ms() - _TOKEN_MS
        self._tokens = {name: made for name, made in self._tokens.items() if made[0] > oldest_ms}
        if token in self._tokens and self._tokens[token][1] != digest:
            raise _ReusedTokenError("the request differs from the one that had its ClientRequestToken first")
        return token in self._tokens

    def _entry(self, entry: Mapping[str, Request]) -> Write:
        [(kind, request)] = entry.items()
        if kind not in _WRITES:
            raise NotImplementedError(f"{kind} in a transaction")
        return _WRITES[kind](self._table(request["TableName"]), request)


def _written(write: Write, returned: str) -> dict[str, Any]:
    """Makes one write and returns its answer."""
    before, after = write.result()
    if before is not None or after is not None:
        write.table.write(write.key, after)
    shown = before if returned in _OLD else after if returned in _NEW else None
    if shown is None:
        return {}
    attributes = shown.copy()
    if returned.startswith("UPDATED"):
        attributes = {name: value for name, value in attributes.items() if name in write.attributes}
    return {"Attributes": attributes} if attributes else {}


def _commit(writes: list[Write]) -> None:
    """Makes all of the writes, or raises the reasons why none is made."""
    results: list[Stored | None] = []
    reasons: list[dict[str, Any]] = []
    for write in writes:
        reason: dict[str, Any] = {"Code": "None"}
        try:
            results.append(write.result()[1])
        except ConditionFailedError as error:
            reason = {"Code": "ConditionalCheckFailed", "Message": str(error), **error.details}
        except InvalidError as error:
            reason = {"Code": "ValidationError", "Message": str(error)}
        reasons.append(reason)
    if len(results) < len(writes):
        codes = ", ".join(reason["Code"] for reason in reasons)
        raise _CancelledError(
            f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
            CancellationReasons=reasons,
        )
    if sum(stored.size for stored in results if stored) > _MAX_TRANSACTION_BYTES:
        raise InvalidError("the items of a transaction exceed 4 MB")
    for write, stored in zip(writes, results, strict=True):
        write.table.write(write.key, stored)
