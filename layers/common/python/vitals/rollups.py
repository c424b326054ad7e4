"""The rollups of archived days: one item per point and day in the hot table, kept for good.

Item: pk (rollup partition), w day start | b payload (aggregates.encode_day), f when the archiving that
made it began to read (UTC ms): an older one never replaces a newer one.
"""

import contextlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from vitals import items, keys
from vitals.aggregates import Aggregates, concat, decode_day
from vitals.cost import Cost
from vitals.timespan import Span

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_WORKERS = 16


class RollupTier:
    """Reads and writes the rollups of any site."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table
        self._pool = ThreadPoolExecutor(_WORKERS, "rollups")

    def write(self, site: str, day_ms: int, payloads: Mapping[int, bytes], began_ms: int) -> None:
        """Replaces the rollups of one day, by point id, but for those of an archiving that began later."""
        items = [
            {
                "pk": {"S": keys.rollup_partition(site, point)},
                "w": {"N": str(day_ms)},
                "b": {"B": payload},
                "f": {"N": str(began_ms)},
            }
            for point, payload in payloads.items()
        ]
        list(self._pool.map(self._put, items))

    def read(
        self, site: str, ids: Iterable[int], days: Span, bucket_ms: int, cost: Cost | None = None
    ) -> Aggregates:
        """The hours or days (by `bucket_ms`) of these points that have rollups in a span of whole days."""
        return concat(self._pool.map(lambda point: self._read_point(site, point, days, bucket_ms, cost), ids))

    def _read_point(self, site: str, point: int, days: Span, bucket_ms: int, cost: Cost | None) -> Aggregates:
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND w BETWEEN :first AND :last",
            "ExpressionAttributeValues": {
                ":pk": {"S": keys.rollup_partition(site, point)},
                ":first": {"N": str(days.start_ms)},
                ":last": {"N": str(days.end_ms - 1)},
            },
        }
        found: list[Aggregates] = []
        for page in items.pages(self._client.query, request, "the rollups of one point"):
            if cost:
                cost.add_page(page)
            found += [decode_day(i["b"]["B"], point, int(i["w"]["N"]), bucket_ms) for i in page]
        return concat(found)

    def _put(self, item: Any) -> None:
        with contextlib.suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(pk) OR f <= :began",
                ExpressionAttributeValues={":began": item["f"]},
            )
