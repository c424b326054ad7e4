"""The ledger: the windows, the archive and the rejected points of every site-day.

Every site-day has an item of its windows (day_windows.py) and one of its archive (ArchiveRecord), which is
so small that a year of them can be read at once. Every hour with points that were rejected for their values
has an item with their ids (p).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from vitals.aws.cost import Cost
from vitals.errors import ConflictError
from vitals.model import point_set
from vitals.model.records.ledger import ArchiveChange, ArchiveRecord, Coverage, Precondition, changed
from vitals.model.site_day import SiteDay
from vitals.model.timespan import (
    DAY_MS,
    WINDOW_MS,
    WINDOWS_PER_DAY,
    Span,
    day_name,
    day_start,
    iso,
    parse_iso,
)
from vitals.store import items, keys
from vitals.store.state.day_windows import DayWindows

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


_ATTEMPTS = 20
_CONDITIONS = {
    Precondition.NONE: None,
    Precondition.LATEST: "attempt = :attempt",
    Precondition.LATEST_AND_CURRENT: (
        "attempt = :attempt AND (attribute_not_exists(began_ms) OR began_ms <= :began_ms)"
        " AND (attribute_not_exists(replaces_until_ms) OR replaces_until_ms < :began_ms OR replaces <> :etag)"
    ),
    Precondition.LATER_EXPIRY: "attribute_not_exists(expires_ms) OR expires_ms > :expires_ms",
    Precondition.EARLIER_CHANGE: "attribute_not_exists(changed_ms) OR changed_ms < :changed_ms",
}


class Ledger:
    """Reads and writes the ledger's records in the state table."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def record(
        self, site: str, polled: Span, window_counts: dict[int, int], configured: point_set.PointSet
    ) -> None:
        """Records that whole windows were polled, and the number of samples that windows (start ms) now have.

        `configured` are the points whose readings would have been accepted.
        """
        starts = set(range(polled.start_ms, polled.end_ms, WINDOW_MS))
        days: dict[SiteDay, set[int]] = {}
        for start in starts | set(window_counts):
            days.setdefault(SiteDay.containing(site, start), set()).add(start)
        for day, windows in days.items():
            counts = {window_ms: window_counts.get(window_ms, 0) for window_ms in windows}
            self._record_day(day, windows & starts, counts, configured)

    def coverage(self, site: str, span: Span, cost: Cost | None = None) -> Coverage:
        """Returns the coverage of every day that the span touches; a day without a record was not polled."""
        start = span.start_ms - span.start_ms % DAY_MS
        days = len(range(start, span.end_ms, DAY_MS)) if span else 0
        counts = np.zeros((days, WINDOWS_PER_DAY), np.uint32)
        polled = np.zeros((days, WINDOWS_PER_DAY), np.bool_)
        for item in self._days(site, span, keys.DAY_PREFIX, cost):
            row = (_day_of(item, keys.DAY_PREFIX) - start) // DAY_MS
            day = DayWindows.from_item(item)
            counts[row], polled[row] = day.counts, day.polled
        return Coverage(start, counts.ravel(), polled.ravel())

    def polled_days(self, site: str, span: Span) -> dict[int, point_set.PointSet | None]:
        """Returns the points that the fully polled days of the span claim, by day start.

        None claims every point: the record is older than claims.
        """
        days = {
            _day_of(item, keys.DAY_PREFIX): DayWindows.from_item(item)
            for item in self._days(site, span, keys.DAY_PREFIX)
        }
        return {day_ms: day.claimed for day_ms, day in days.items() if day.polled.all()}

    def forget_windows(self, day: SiteDay) -> None:
        """Removes the record of a day's windows: none was polled, and none has samples."""
        self._client.delete_item(TableName=self._table, Key=keys.ledger_day(day))

    def record_rejected(self, site: str, rejected: Iterable[tuple[int, int]]) -> None:
        """Records the points (id, start of the hour in UTC ms) with values that are not numbers."""
        hours: dict[int, set[int]] = {}
        for point, hour_ms in rejected:
            hours.setdefault(hour_ms, set()).add(point)
        for hour_ms, points in sorted(hours.items()):
            self._client.update_item(
                TableName=self._table,
                Key=keys.rejected_hour(site, iso(hour_ms)[:13]),
                UpdateExpression="ADD p :points",
                ExpressionAttributeValues={":points": {"NS": sorted(map(str, points))}},
            )

    def rejected(self, site: str, span: Span, cost: Cost | None = None) -> dict[int, set[int]]:
        """Returns, by point id, the starts of the hours in the span with rejected values."""
        hours: dict[int, set[int]] = {}
        for item in self._range(
            site, keys.REJECTED_PREFIX, iso(span.start_ms)[:13], iso(span.end_ms - 1)[:13], cost
        ):
            hour_ms = parse_iso(item["sk"]["S"].removeprefix(keys.REJECTED_PREFIX) + ":00")
            for point in item["p"]["NS"]:
                hours.setdefault(int(point), set()).add(hour_ms)
        return hours

    def mark_changed(self, site: str, windows_ms: Iterable[int], now_ms: int) -> None:
        """Records, before the windows are written, that their days change.

        A writer may fail, or archiving may read in between. So a mark is valid for the longest time of a
        writer (WRITE_GRACE_MS) after its own time. Every call changes the mark, and no mark returns: if it is
        not behind this time, it moves on by a millisecond.
        """
        for day in sorted({SiteDay.containing(site, window_ms) for window_ms in windows_ms}):
            if not self._apply(day, changed(now_ms)):
                self._client.update_item(
                    TableName=self._table,
                    Key=keys.archive_day(day),
                    UpdateExpression="SET changed_ms = changed_ms + :step",
                    ExpressionAttributeValues={":step": {"N": "1"}},
                )

    def archive_record(self, day: SiteDay) -> ArchiveRecord:
        """Returns the record of a day, all defaults when there is none."""
        key = keys.archive_day(day)
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return _archive_record(item) if item else ArchiveRecord(day.day_ms)

    def archive_records(self, site: str, span: Span, cost: Cost | None = None) -> list[ArchiveRecord]:
        """Returns the existing records of the days that the span touches, in order."""
        return [_archive_record(item) for item in self._days(site, span, keys.ARCHIVE_PREFIX, cost)]

    def _days(self, site: str, span: Span, prefix: str, cost: Cost | None = None) -> Iterator[dict[str, Any]]:
        """Yields the items of one kind of the days that the span touches, in order."""
        if not span:
            return iter(())
        return self._range(site, prefix, day_name(span.start_ms), day_name(span.end_ms - 1), cost)

    def _range(
        self, site: str, prefix: str, first: str, last: str, cost: Cost | None
    ) -> Iterator[dict[str, Any]]:
        request: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": {
                ":pk": {"S": keys.site_partition(site)},
                ":first": {"S": prefix + first},
                ":last": {"S": prefix + last},
            },
            "ConsistentRead": True,
        }
        for page in items.pages(self._client.query, request, f"the {prefix} records of {site}"):
            if cost:
                cost.add_page(page, consistent=True)
            yield from page

    def update_archive(self, day: SiteDay, **facts: items.Fact) -> None:
        """Sets facts (fields of ArchiveRecord) of a day's archive; other fields do not change."""
        self._apply(day, ArchiveChange(facts))

    def apply(self, day: SiteDay, changes: Iterable[ArchiveChange]) -> None:
        """Makes the changes of a day's archive in order, each when its precondition holds.

        ConflictError when it does not hold, unless the change is optional. A change that is not optional may
        be repeated: its precondition still holds after its own effect, until a later attempt starts.
        """
        for change in changes:
            if not self._apply(day, change) and not change.optional:
                raise ConflictError(f"{day} is archived by another process")

    def _apply(self, day: SiteDay, change: ArchiveChange) -> bool:
        """Makes one change; returns False when its precondition does not hold."""
        condition = _CONDITIONS[change.precondition]
        key = keys.archive_day(day)
        try:
            self._client.update_item(**items.setting(self._table, key, change.facts, condition))
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _record_day(
        self,
        day: SiteDay,
        polled: set[int],
        counts: dict[int, int],
        configured: point_set.PointSet,
    ) -> None:
        for _ in range(_ATTEMPTS):
            before = self._load(day)
            after = before.after(day.day_ms, polled, counts, configured)
            if after.same(before) or self._put(day, after):
                return
        raise ConflictError(f"the ledger record of {day} changed during each of {_ATTEMPTS} writes")

    def _load(self, day: SiteDay) -> DayWindows:
        key = keys.ledger_day(day)
        item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        return DayWindows.from_item(item) if item else DayWindows.empty()

    def _put(self, day: SiteDay, windows: DayWindows) -> bool:
        """Writes the windows over the revision that they were made from.

        A repeat returns False, but then the record has these windows, and nothing remains to be written.
        """
        try:
            self._client.update_item(TableName=self._table, Key=keys.ledger_day(day), **windows.update())
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _archive_record(item: Mapping[str, Any]) -> ArchiveRecord:
    return items.read(item, ArchiveRecord, day_ms=_day_of(item, keys.ARCHIVE_PREFIX))


def _day_of(item: Mapping[str, Any], prefix: str) -> int:
    return day_start(item["sk"]["S"].removeprefix(prefix))
