"""The bytes that exports of a site have reserved on a UTC day: one record per site and day."""

from typing import TYPE_CHECKING

from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS
from vitals.store import conditional, keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# TTL deletes the record after its day, on every clock.
_RETENTION_MS = 2 * DAY_MS


class ExportQuota:
    """The records in the state table; nothing that was reserved is given back."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def reserve(self, day: SiteDay, export: str, size: int, limit: int) -> bool:
        """Reserves the bytes of an export; False, and nothing changes, when the sum would exceed the limit.

        The sum never exceeds it. A repeat finds the export's own reservation, unless another export has
        reserved in between: then the bytes are reserved twice.
        """
        by = {"reserved_by": {"S": export}}
        request = {
            "TableName": self._table,
            "Key": keys.export_quota(day),
            "UpdateExpression": "SET reserved_bytes = if_not_exists(reserved_bytes, :none) + :size,"
            " reserved_by = :export, expires_at = :expires",
            "ConditionExpression": "attribute_not_exists(pk)"
            " OR (reserved_bytes <= :room AND reserved_by <> :export)",
            "ExpressionAttributeValues": {
                ":none": {"N": "0"},
                ":size": {"N": str(size)},
                ":export": by["reserved_by"],
                ":expires": {"N": str((day.day_ms + _RETENTION_MS) // 1000)},
                ":room": {"N": str(limit - size)},
            },
        }
        return size <= limit and conditional.write(self._client.update_item, request, by)

    def reserved(self, day: SiteDay) -> int:
        """Returns the bytes that are reserved."""
        answer = self._client.get_item(TableName=self._table, Key=keys.export_quota(day), ConsistentRead=True)
        return int(answer.get("Item", {}).get("reserved_bytes", {"N": "0"})["N"])
