"""The pace of all requests to one upstream, kept in the state table because many functions share it.

Item: at_ms, when the next request may go out. Who takes a turn moves it on by one interval, atomically.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vitals.aws.runtime import SYSTEM, Runtime
from vitals.errors import ConflictError, UpstreamUnavailableError
from vitals.model.timespan import MINUTE_MS
from vitals.store import keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# So far ahead the live sync may push the others, which then still get a request a minute.
_MOST_AHEAD_MS = MINUTE_MS
# Turns that are closer than this are taken several at once, for taking one takes milliseconds itself.
_AT_ONCE_MS = 100
_ATTEMPTS = 20


class SharedPace:
    """One upstream's turns, `per_minute` of them."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        base_url: str,
        per_minute: float,
        runtime: Runtime = SYSTEM,
        *,
        remaining_s: Callable[[], float] = lambda: float("inf"),
    ) -> None:
        self._client = client
        self._table = table
        self._key = keys.pace(base_url)
        self._interval_ms = max(1, round(60_000 / per_minute))
        self._at_once = max(1, _AT_ONCE_MS // self._interval_ms)
        self._taken: list[int] = []
        self._now = runtime.now_ms
        self._remaining_s = remaining_s
        self._sleep = runtime.sleep

    def wait(self) -> None:
        """Returns when the next request may go out; UpstreamUnavailableError when that is too late."""
        if not self._taken:
            turn_ms = self._turns()
            self._taken = [turn_ms + turn * self._interval_ms for turn in range(self._at_once)]
        wait_s = max(0, self._taken.pop(0) - self._now()) / 1000
        if wait_s > self._remaining_s():
            raise UpstreamUnavailableError(f"the next turn to ask the upstream is in {wait_s:.0f} s")
        self._sleep(wait_s)

    def _turns(self) -> int:
        """The first of the turns that were taken at once."""
        for _ in range(_ATTEMPTS):
            now_ms = self._now()
            turn_ms = self._take(now_ms, "at_ms > :now", turns=self._at_once) or self._take_free(
                now_ms, turns=self._at_once
            )
            if turn_ms:
                return turn_ms
        raise ConflictError(f"no turn to ask the upstream was had in {_ATTEMPTS} attempts")

    def charge(self) -> None:
        """Notes a request that goes out at once, so that those who wait wait for it too."""
        now_ms = self._now()
        until = {":until": {"N": str(now_ms + _MOST_AHEAD_MS)}}
        _ = self._take(now_ms, "at_ms > :now AND at_ms < :until", until) or self._take_free(now_ms)

    def _take(
        self, now_ms: int, condition: str, values: dict[str, Any] | None = None, *, turns: int = 1
    ) -> int | None:
        """When the turns begin that were taken behind others; None when the condition does not hold."""
        step_ms = turns * self._interval_ms
        values = {":now": {"N": str(now_ms)}, ":step": {"N": str(step_ms)}} | (values or {})
        after_ms = self._update("SET at_ms = at_ms + :step", condition, values)
        return after_ms and after_ms - step_ms

    def _take_free(self, now_ms: int, *, turns: int = 1) -> int | None:
        """The present, if nobody's turn lies ahead."""
        values = {":now": {"N": str(now_ms)}, ":next": {"N": str(now_ms + turns * self._interval_ms)}}
        condition = "attribute_not_exists(at_ms) OR at_ms <= :now"
        return now_ms if self._update("SET at_ms = :next", condition, values) else None

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
