"""Writes of items that other processes write in transactions: one place for DynamoDB's conflicts.

DynamoDB refuses a write of an item while a transaction writes it, and cancels a transaction while another
write is under way. Neither has an effect, and botocore repeats neither.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from vitals.aws.runtime import SYSTEM, Runtime
from vitals.errors import ConflictError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ATTEMPTS = 8
# A transaction takes about 0.1 s.
_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 0.8
# Items of 400 KB take the write units of a partition for seconds.
_THROTTLED_S = 3.0
_CONFLICT = "TransactionConflict"
_THROTTLED = {"ThrottlingError", "ProvisionedThroughputExceeded"}
_FAILED = "ConditionalCheckFailed"
_REPEATABLE = {_FAILED, _CONFLICT, "None", None} | _THROTTLED


class RepeatableError(ConflictError):
    """Raised for a transaction without effect, which may be repeated after `pause_s` seconds."""

    def __init__(self, text: str, pause_s: float) -> None:
        super().__init__(text)
        self.pause_s = pause_s


def write(call: Callable[..., Any], request: Mapping[str, Any], runtime: Runtime = SYSTEM) -> Any:
    """Makes a write of one item, again while a transaction writes the item; returns the answer.

    ConflictError after the last attempt, TierTimeoutError after the time limit of an answer.
    """
    for attempt in range(_ATTEMPTS):
        if attempt:
            pause(runtime.uniform(0, min(_LONGEST_PAUSE_S, _PAUSE_S * 2**attempt)), runtime)
        try:
            return call(**request)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "TransactionConflictException":
                raise
    raise ConflictError(f"a transaction was writing the item during each of {_ATTEMPTS} attempts to write it")


def transact(client: "DynamoDBClient", writes: Sequence[Any], runtime: Runtime) -> bool:
    """Makes all of the writes; makes none and returns False when a condition does not hold.

    RepeatableError when another write was under way or DynamoDB throttled.
    """
    return not refused(client, writes, runtime)


def refused(client: "DynamoDBClient", writes: Sequence[Any], runtime: Runtime) -> list[int]:
    """Makes all of the writes, or none; returns the indexes of those whose conditions do not hold.

    RepeatableError when another write was under way or DynamoDB throttled.
    """
    try:
        client.transact_write_items(TransactItems=writes)
    except client.exceptions.TransactionCanceledException as error:
        ordered = reasons(error)
        codes = set(ordered)
        if not codes <= _REPEATABLE or codes <= {"None", None}:
            raise
        if codes & _THROTTLED:
            # botocore retries throttled requests, but not a transaction that was cancelled by throttling.
            pause_s = runtime.uniform(_THROTTLED_S / 3, _THROTTLED_S)
            raise RepeatableError("DynamoDB throttled the transaction", pause_s) from error
        if _CONFLICT in codes:
            pause_s = runtime.uniform(0, _LONGEST_PAUSE_S / 2)
            raise RepeatableError("another write was under way", pause_s) from error
        return [index for index, code in enumerate(ordered) if code == _FAILED]
    return []


def repeat[T](attempt: Callable[[], T | None], subject: str, runtime: Runtime) -> T:
    """Calls `attempt` until it returns a result; None means that a condition failed.

    After a RepeatableError there is a pause before the next call. ConflictError after the last attempt,
    TierTimeoutError after the time limit of an answer.
    """
    last: RepeatableError | None = None
    for _ in range(_ATTEMPTS):
        if last:
            pause(last.pause_s, runtime)
        try:
            result, last = attempt(), None
        except RepeatableError as error:
            result, last = None, error
        if result is not None:
            return result
    raise ConflictError(
        f"{subject} changed or was throttled during each of {_ATTEMPTS} attempts to write it"
    ) from last


def pause(seconds: float, runtime: Runtime) -> None:
    """Waits, at most until the time limit of an answer; TierTimeoutError after it."""
    runtime.sleep(min(seconds, max(0.0, runtime.deadline.left_s())))
    runtime.deadline.check()


def reasons(error: ClientError) -> list[Any]:
    """Returns the code of each write of a transaction that was cancelled, in their order."""
    details: Any = error.response
    return [reason.get("Code") for reason in details.get("CancellationReasons", [])]
