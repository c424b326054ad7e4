"""The rate limits of one key of an upstream, in the state table because many functions share it.

Each user of the key has an item. Users that go first reserve slots in the items of those behind them.

Item: at_ms, the next free request slot. Reserving a slot moves it on by one interval, atomically. If the
answer to that is lost, the slot stays unused, and botocore's repeat reserves the next one.
"""

import math
from collections import deque
from typing import TYPE_CHECKING, Any

from vitals.aws.runtime import SYSTEM, Runtime
from vitals.errors import ConflictError, UpstreamUnavailableError
from vitals.model.key_group import DEFAULT_GROUP
from vitals.model.timespan import MINUTE_MS
from vitals.store import keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Those that go first may delay the others by at most this, so that they still make a request a minute.
_MAX_AHEAD_MS = MINUTE_MS
# Slots that are closer than this are reserved in batches, because a reservation takes milliseconds.
_BATCH_MS = 100
_ATTEMPTS = 20
# Later than every slot.
_END_MS = 1 << 53


def check_wait(wait_s: float, within_s: float) -> None:
    """Raises UpstreamUnavailableError for a wait that leaves no time for the request after it."""
    if wait_s >= within_s:
        raise UpstreamUnavailableError(
            f"the next request slot is {wait_s:.0f} s away, after the caller's time limit"
        )


class SharedPace:
    """Request slots of a user of one key group's key at an upstream, `per_minute` of them."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        base_url: str,
        per_minute: float,
        runtime: Runtime = SYSTEM,
        *,
        key_group: str = DEFAULT_GROUP,
        user: keys.PaceUser = "backfill",
    ) -> None:
        self._client = client
        self._table = table
        self._key = keys.pace(base_url, key_group, user)
        self._interval_ms = max(1, round(60_000 / per_minute))
        self._batch = max(1, _BATCH_MS // self._interval_ms)
        self._reserved: deque[int] = deque()
        self._now = runtime.now_ms
        self._sleep = runtime.sleep

    def announce(self, requests: int) -> None:
        """Does nothing: each request waits for a slot of its own."""

    def wait(self, within_s: float = math.inf) -> None:
        """Waits for the next request slot; UpstreamUnavailableError at once if that takes longer.

        Then no slot is used, so that the others do not wait for a request that is not sent.
        """
        slot_ms = self._next_ms(within_s)
        wait_s = max(0, slot_ms - self._now()) / 1000
        try:
            check_wait(wait_s, within_s)
        except UpstreamUnavailableError:
            self._reserved.appendleft(slot_ms)
            raise
        self._sleep(wait_s)

    def _next_ms(self, within_s: float) -> int:
        """Returns the time of the next slot of this process."""
        try:
            return self._reserved.popleft()
        except IndexError:
            first_ms = self._reserve(within_s)
        self._reserved.extend(first_ms + slot * self._interval_ms for slot in range(1, self._batch))
        return first_ms

    def _reserve(self, within_s: float) -> int:
        """Reserves a batch of slots; returns the first, which is within the time."""
        check_wait(0, within_s)
        condition = "at_ms > :now AND at_ms < :latest"
        for _ in range(_ATTEMPTS):
            now_ms = self._now()
            latest = {":latest": {"N": str(math.ceil(min(now_ms + within_s * 1000, _END_MS)))}}
            first_ms = self._reserve_next(now_ms, condition, latest, slots=self._batch) or self._reserve_now(
                now_ms, slots=self._batch
            )
            if first_ms:
                return first_ms
            check_wait((self._free_ms() - now_ms) / 1000, within_s)
        raise ConflictError(f"could not reserve a request slot in {_ATTEMPTS} attempts")

    def charge(self, requests: int = 1) -> None:
        """Reserves slots for requests that do not wait, so that the other requests wait for them.

        A slot from now on is tried first: mostly no other is reserved, and a condition that fails is billed.
        """
        now_ms = self._now()
        until = {":until": {"N": str(now_ms + _MAX_AHEAD_MS)}}
        condition = "at_ms > :now AND at_ms < :until"
        _ = self._reserve_now(now_ms, slots=requests) or self._reserve_next(
            now_ms, condition, until, slots=requests
        )

    def _reserve_next(
        self, now_ms: int, condition: str, values: dict[str, Any] | None = None, *, slots: int = 1
    ) -> int | None:
        """Reserves the slots after the last reserved one; returns the first, None if the condition fails."""
        step_ms = slots * self._interval_ms
        values = {":now": {"N": str(now_ms)}, ":step": {"N": str(step_ms)}} | (values or {})
        after_ms = self._update("SET at_ms = at_ms + :step", condition, values)
        return after_ms and after_ms - step_ms

    def _reserve_now(self, now_ms: int, *, slots: int = 1) -> int | None:
        """Reserves slots from now on and returns the first; None when a later slot is reserved already."""
        values = {":now": {"N": str(now_ms)}, ":next": {"N": str(now_ms + slots * self._interval_ms)}}
        condition = "attribute_not_exists(at_ms) OR at_ms <= :now"
        return now_ms if self._update("SET at_ms = :next", condition, values) else None

    def _free_ms(self) -> int:
        """Returns the time of the next free slot."""
        answer = self._client.get_item(TableName=self._table, Key=self._key, ConsistentRead=True)
        return int(answer.get("Item", {"at_ms": {"N": "0"}})["at_ms"]["N"])

    def _update(self, change: str, condition: str, values: dict[str, Any]) -> int | None:
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=self._key,
                UpdateExpression=change,
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
                ReturnValues="UPDATED_NEW",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return None
        return int(answer["Attributes"]["at_ms"]["N"])
