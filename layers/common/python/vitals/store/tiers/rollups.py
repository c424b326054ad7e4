"""The rollups of archived days: one item per point and day in the hot table, without expiry.

Item: pk (rollup partition), w day start | b payload (codec/rollup.encode_day), f when the archiving that
made it began to read (UTC ms). A rollup of an older archiving never replaces one of a newer.
"""

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from vitals.aws.cost import Cost
from vitals.aws.runtime import SYSTEM, Runtime
from vitals.codec.rollup import day_count, decode_day, decode_days
from vitals.model.measures import cells
from vitals.model.measures.cells import Cells
from vitals.model.site_day import SiteDay
from vitals.model.timespan import Span
from vitals.store import items, keys

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_WORKERS = 16
_FOREVER_MS = 1 << 62


class RollupTier:
    """Reads and writes the rollups of any site."""

    def __init__(self, client: "DynamoDBClient", table: str, runtime: Runtime = SYSTEM) -> None:
        self._client = client
        self._table = table
        self._pool = runtime.pool(_WORKERS, "rollups")

    def write(self, day: SiteDay, payloads: Mapping[int, bytes], began_ms: int) -> None:
        """Replaces the rollups of one day, by point id, except rollups of an archiving that began later."""
        items = [
            {
                "pk": {"S": keys.rollup_partition(day.site, point)},
                "w": {"N": str(day.day_ms)},
                "b": {"B": payload},
                "f": {"N": str(began_ms)},
            }
            for point, payload in payloads.items()
        ]
        list(self._pool.map(self._put, items))

    def read(
        self,
        site: str,
        ids: Iterable[int],
        days: Span,
        cost: Cost | None = None,
        *,
        consistent: bool = True,
    ) -> Cells:
        """Returns the hours of these points with rollups in a span of whole days."""
        return cells.concat(
            self._pool.map(lambda point: self._read_point(site, point, days, cost, consistent), ids)
        )

    def day_counts(
        self,
        site: str,
        ids: Iterable[int],
        days: Span,
        cost: Cost | None = None,
        *,
        consistent: bool = True,
    ) -> dict[int, int]:
        """Returns the total number of samples of these points per whole day, by day start, without zeros."""
        counts: Counter[int] = Counter()
        for of_point in self._pool.map(
            lambda point: self._count_point(site, point, days, cost, consistent), ids
        ):
            counts.update(of_point)
        return counts

    def last_hours(self, site: str, ids: Iterable[int]) -> dict[int, int]:
        """Returns, by point id, the start (UTC ms) of the last hour with samples, for points with rollups."""
        hours = self.newest(site, ids).rows
        return dict(zip(hours.ids.tolist(), hours.times.tolist(), strict=True))

    def newest(
        self, site: str, ids: Iterable[int], before_ms: int = _FOREVER_MS, cost: Cost | None = None
    ) -> Cells:
        """Returns the last hour with samples, of those that begin before a time, of each of these points."""
        return cells.concat(
            self._pool.map(lambda point: self._newest_hour(site, point, before_ms, cost), ids)
        )

    def _newest_hour(self, site: str, point: int, before_ms: int, cost: Cost | None) -> Cells:
        response = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND w < :before",
            ExpressionAttributeValues={
                ":pk": {"S": keys.rollup_partition(site, point)},
                ":before": {"N": str(before_ms)},
            },
            ScanIndexForward=False,
            Limit=2,  # The hours of the first day may all begin later.
            ConsistentRead=True,
        )
        if cost:
            cost.add_page(response["Items"], consistent=True)
        days = [decode_day(item["b"]["B"], point, int(item["w"]["N"])) for item in response["Items"]]
        hours = cells.concat(days)
        return hours[hours.rows.times < before_ms][-1:]

    def _read_point(self, site: str, point: int, days: Span, cost: Cost | None, consistent: bool) -> Cells:
        return decode_days(self._payloads(site, point, days, cost, consistent=consistent), point)

    def _count_point(
        self, site: str, point: int, days: Span, cost: Cost | None, consistent: bool
    ) -> dict[int, int]:
        payloads = self._payloads(site, point, days, cost, consistent=consistent)
        return {day_ms: day_count(payload) for day_ms, payload in payloads}

    def _payloads(
        self, site: str, point: int, days: Span, cost: Cost | None, *, consistent: bool
    ) -> Iterator[tuple[int, bytes]]:
        """Yields the day start and the payload of each day of the point that has rollups."""
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND w BETWEEN :first AND :last",
            "ExpressionAttributeValues": {
                ":pk": {"S": keys.rollup_partition(site, point)},
                ":first": {"N": str(days.start_ms)},
                ":last": {"N": str(days.end_ms - 1)},
            },
            "ConsistentRead": consistent,
        }
        for page in items.pages(self._client.query, request, "the rollups of one point"):
            if cost:
                cost.add_page(page, consistent=consistent)
            yield from ((int(item["w"]["N"]), bytes(item["b"]["B"])) for item in page)

    def _put(self, item: Any) -> None:
        """Puts a rollup, unless that of a later archiving is there; a repeat replaces its own."""
        with contextlib.suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(pk) OR f <= :began",
                ExpressionAttributeValues={":began": item["f"]},
            )
