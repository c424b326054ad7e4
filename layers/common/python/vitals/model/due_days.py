"""Which days of a site are due to be archived: pure, from its record and the ledger."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from vitals.model.timespan import DAY_MS, EARLIEST_MS, HOUR_MS, Span

if TYPE_CHECKING:
    from vitals.model.records.ledger import ArchiveRecord
    from vitals.model.records.sites import SiteRecord

# What a backfill may reach; a site is never planned further back.
_LOOK_BACK_MS = 730 * DAY_MS
# DaysOverdueAlarm in the template says the same.
OVERDUE_MS = 48 * HOUR_MS


def synced_days(record: "SiteRecord") -> Span:
    """The days that the site's sync has passed, from its first on."""
    if record.checkpoint_ms is None or record.first_ms is None:
        return Span(EARLIEST_MS, EARLIEST_MS)
    end = record.checkpoint_ms - record.checkpoint_ms % DAY_MS
    start = max(EARLIEST_MS, record.first_ms - record.first_ms % DAY_MS, end - _LOOK_BACK_MS)
    return Span(min(start, end), end)


def due_days(days: Span, records: Iterable["ArchiveRecord"]) -> list[int]:
    """Starts of the complete days that are not archived or changed since, and of older ones written to."""
    known = {record.day_ms: record for record in records}
    before = {day for day, record in known.items() if day < days.start_ms}
    candidates = sorted(before | set(range(days.start_ms, days.end_ms, DAY_MS)))
    return [day for day in candidates if day not in known or not known[day].settled]


def overdue_days(days_ms: Iterable[int], now_ms: int) -> list[int]:
    """Returns those of the due days that ended more than 48 hours ago."""
    return [day_ms for day_ms in days_ms if now_ms - (day_ms + DAY_MS) > OVERDUE_MS]
