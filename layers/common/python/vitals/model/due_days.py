"""The days of a site that are due to be archived, from the site's record and the ledger's."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from vitals.model.timespan import DAY_MS, EARLIEST_MS, HOUR_MS, Span

if TYPE_CHECKING:
    from vitals.model.records.ledger import ArchiveRecord
    from vitals.model.records.sites import SiteRecord

# As far back as a backfill may reach; no earlier day is due.
_LOOK_BACK_MS = 730 * DAY_MS
# ArchiveProblemsAlarm in the template says the same.
OVERDUE_MS = 48 * HOUR_MS


def synced_days(record: "SiteRecord") -> Span:
    """Returns the whole days that the site's sync has passed."""
    if record.checkpoint_ms is None or record.first_ms is None:
        return Span(EARLIEST_MS, EARLIEST_MS)
    end = record.checkpoint_ms - record.checkpoint_ms % DAY_MS
    start = max(EARLIEST_MS, record.first_ms - record.first_ms % DAY_MS, end - _LOOK_BACK_MS)
    return Span(min(start, end), end)


def due_days(days: Span, records: Iterable["ArchiveRecord"]) -> list[int]:
    """Returns the starts of the unsettled days: of `days`, and of earlier days with a record."""
    by_day = {record.day_ms: record for record in records}
    earlier = {day for day in by_day if day < days.start_ms}
    candidates = sorted(earlier | set(range(days.start_ms, days.end_ms, DAY_MS)))
    return [day for day in candidates if day not in by_day or not by_day[day].settled]


def overdue_days(days_ms: Iterable[int], now_ms: int) -> list[int]:
    """Returns the due days that ended more than 48 hours ago."""
    return [day_ms for day_ms in days_ms if now_ms - (day_ms + DAY_MS) > OVERDUE_MS]
