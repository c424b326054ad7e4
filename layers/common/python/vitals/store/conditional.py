"""Conditional writes of one item, which recognise their own effect.

botocore repeats a request whose answer was lost. If the first attempt took effect, the condition of the
repeat fails on what this write itself wrote, and no race is lost. Transactions need no such check: DynamoDB
answers a repeat as it answered the first attempt, because botocore sends both with one ClientRequestToken.
"""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from vitals.aws.runtime import SYSTEM, Runtime
from vitals.store import conflicts


def write(
    call: Callable[..., Any],
    request: Mapping[str, Any],
    own: Mapping[str, Any],
    runtime: Runtime = SYSTEM,
) -> bool:
    """Makes a conditional write; returns False when its condition fails on what another process wrote.

    `own` are attributes that only this write gives the item, or another write with the same result. DynamoDB
    returns the item with the refusal, so recognising the write takes no read. ConflictError as of
    conflicts.write.
    """
    try:
        conflicts.write(call, {**request, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}, runtime)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
            raise
        stored: Any = error.response.get("Item", {})
        return bool(own) and all(stored.get(name) == value for name, value in own.items())
    return True
