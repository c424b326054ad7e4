"""The circuit breaker of one key of an upstream: after repeated failures requests are paused."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitals.errors import CircuitOpenError
from vitals.model.key_group import DEFAULT_GROUP
from vitals.model.timespan import MINUTE_MS, iso
from vitals.store import keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# A sync is 4 requests with its retries: five failed syncs in a row are an outage, not a hiccup.
THRESHOLD = 5
_FIRST_PAUSE_MS = 5 * MINUTE_MS
_LONGEST_PAUSE_MS = 30 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class Circuit:
    """The consecutive failures with a key, and the time (UTC ms) until which its requests are paused."""

    failures: int = 0
    open_until_ms: int = 0

    def check(self, now_ms: int) -> None:
        """Raises CircuitOpenError while the circuit is open; the first sync after that tries a call."""
        if now_ms < self.open_until_ms:
            raise CircuitOpenError(
                f"the upstream failed {self.failures} times in a row; "
                f"requests are paused until {iso(self.open_until_ms)}"
            )

    def after_failure(self, now_ms: int) -> "Circuit":
        """Returns the circuit after a failure; the fifth and later ones open it for 5 to 30 minutes."""
        failures = self.failures + 1
        if failures < THRESHOLD:
            return Circuit(failures, 0)
        pause = min(_FIRST_PAUSE_MS * 2 ** min(failures - THRESHOLD, 8), _LONGEST_PAUSE_MS)
        return Circuit(failures, now_ms + pause)


class CircuitTable:
    """The circuit of a key group in the state table; concurrent writers may lose a count, never a sample."""

    def __init__(
        self, client: "DynamoDBClient", table: str, base_url: str, key_group: str = DEFAULT_GROUP
    ) -> None:
        self._client = client
        self._table = table
        self._key = keys.circuit(base_url, key_group)

    def load(self) -> Circuit:
        result = self._client.get_item(TableName=self._table, Key=self._key, ConsistentRead=True)
        item = result.get("Item")
        return Circuit(int(item["failures"]["N"]), int(item["open_until_ms"]["N"])) if item else Circuit()

    def store(self, circuit: Circuit) -> None:
        self._client.put_item(
            TableName=self._table,
            Item=self._key
            | {
                "failures": {"N": str(circuit.failures)},
                "open_until_ms": {"N": str(circuit.open_until_ms)},
            },
        )
