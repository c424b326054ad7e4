"""The record of the latest planning of the archive, in the state table."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from vitals.model.records.planning import ArchivePlanning
from vitals.store import conditional, items, keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class PlanningTable:
    """The archival writes the record, and the sync reads it."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def load(self, now_ms: int) -> ArchivePlanning:
        """Returns the latest planning; the first call of a new stack records one at this time.

        So a stack whose archival never runs is noticed, too.
        """
        key = keys.archive_planning()
        result = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        if "Item" in result:
            return items.read(result["Item"], ArchivePlanning)
        first = ArchivePlanning(now_ms)
        request = items.setting(self._table, key, asdict(first), "attribute_not_exists(planned_ms)")
        conditional.write(self._client.update_item, request, {})
        return first

    def record(self, planning: ArchivePlanning) -> None:
        """Replaces the record."""
        self._client.update_item(**items.setting(self._table, keys.archive_planning(), asdict(planning)))
