"""The rollups of archived days: one item per point and day in the hot table, kept for good.

Item: pk (rollup partition), w day start | b payload (aggregates.encode_day).
"""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from vitals import keys
from vitals.aggregates import Aggregates, concat, decode_day
from vitals.errors import ConflictError
from vitals.timespan import Span

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# DynamoDB's limit for BatchWriteItem.
_BATCH = 25
_ATTEMPTS = 8
_WORKERS = 16
# A year of a point is 250 KB, a page 1 MB.
_MAX_PAGES = 100


class RollupTier:
    """Reads and writes the rollups of any site."""

    def __init__(
        self, client: "DynamoDBClient", table: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep
        self._pool = ThreadPoolExecutor(_WORKERS, "rollups")

    def write(self, site: str, day_ms: int, payloads: Mapping[int, bytes]) -> None:
        """Replaces the rollups of one day, by point id."""
        items = [
            {
                "pk": {"S": keys.rollup_partition(site, point)},
                "w": {"N": str(day_ms)},
                "b": {"B": payload},
            }
            for point, payload in payloads.items()
        ]
        list(self._pool.map(self._put, [items[i : i + _BATCH] for i in range(0, len(items), _BATCH)]))

    def read(self, site: str, ids: Iterable[int], days: Span, bucket_ms: int) -> Aggregates:
        """The hours or days (by `bucket_ms`) of these points that have rollups in a span of whole days."""
        return concat(self._pool.map(lambda point: self._read_point(site, point, days, bucket_ms), ids))

    def _read_point(self, site: str, point: int, days: Span, bucket_ms: int) -> Aggregates:
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
        for _ in range(_MAX_PAGES):
            page = self._client.query(**request)
            found += [decode_day(i["b"]["B"], point, int(i["w"]["N"]), bucket_ms) for i in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return concat(found)
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        raise ConflictError(f"the rollups of one point did not end within {_MAX_PAGES} pages")

    def _put(self, batch: list[Any]) -> None:
        request: Any = {self._table: [{"PutRequest": {"Item": item}} for item in batch]}
        for attempt in range(_ATTEMPTS):
            request = self._client.batch_write_item(RequestItems=request)["UnprocessedItems"]
            if not request:
                return
            self._sleep(0.05 * 2**attempt)
        raise ConflictError(f"DynamoDB left rollups unprocessed {_ATTEMPTS} times")
