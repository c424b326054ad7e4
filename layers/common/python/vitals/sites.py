"""The site records: what a site is called, and how far it is synced."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vitals import keys
from vitals.errors import ConflictError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MAX_PAGES = 100


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """`checkpoint_ms`: all before it was asked for; the other times say when that was last done (UTC ms)."""

    site: str
    display_name: str = ""
    points: int = 0
    checkpoint_ms: int | None = None
    reread_ms: int | None = None
    catalog_ms: int | None = None


class SiteTable:
    """Site records in the state table; each update sets its own attributes, so writers undo nothing."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def load(self, site: str) -> SiteRecord | None:
        answer = self._client.get_item(TableName=self._table, Key=keys.site_record(site), ConsistentRead=True)
        return _record(answer["Item"]) if "Item" in answer else None

    def list(self) -> list[SiteRecord]:
        """Every site that has ever been synced, by name."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": keys.SITES_PARTITION}},
        }
        records: list[SiteRecord] = []
        for _ in range(_MAX_PAGES):
            page = self._client.query(**request)
            records += [_record(item) for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return records
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        raise ConflictError(f"the list of sites did not end within {_MAX_PAGES} pages")

    def advance(self, site: str, read_ms: int | None, checkpoint_ms: int) -> bool:
        """Moves the checkpoint from the value that was read; False when somebody else moved it meanwhile."""
        values = {":new": {"N": str(checkpoint_ms)}}
        condition = "attribute_not_exists(checkpoint_ms)"
        if read_ms is not None:
            condition = "checkpoint_ms = :read"
            values[":read"] = {"N": str(read_ms)}
        try:
            self._client.update_item(
                TableName=self._table,
                Key=keys.site_record(site),
                UpdateExpression="SET checkpoint_ms = :new",
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def note_reread(self, site: str, now_ms: int) -> None:
        self._set(site, {"reread_ms": {"N": str(now_ms)}})

    def note_catalog(self, site: str, display_name: str, points: int, now_ms: int) -> None:
        self._set(
            site,
            {
                "display_name": {"S": display_name},
                "points": {"N": str(points)},
                "catalog_ms": {"N": str(now_ms)},
            },
        )

    def _set(self, site: str, attributes: Mapping[str, Any]) -> None:
        self._client.update_item(
            TableName=self._table,
            Key=keys.site_record(site),
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
            ExpressionAttributeNames={f"#{name}": name for name in attributes},
            ExpressionAttributeValues={f":{name}": value for name, value in attributes.items()},
        )


def _record(item: Mapping[str, Any]) -> SiteRecord:
    def number(name: str) -> int | None:
        return int(item[name]["N"]) if name in item else None

    return SiteRecord(
        site=item["sk"]["S"],
        display_name=item.get("display_name", {}).get("S", ""),
        points=number("points") or 0,
        checkpoint_ms=number("checkpoint_ms"),
        reread_ms=number("reread_ms"),
        catalog_ms=number("catalog_ms"),
    )
