"""Which days are due: pure, from the ledger and the time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vitals.errors import InvalidRequestError
from vitals.keys import check_site
from vitals.ledger import ArchiveRecord
from vitals.sites import SiteRecord
from vitals.timespan import DAY_MS, HOUR_MS, Span, day_start

# A day that is not archived two days after its end is a fault to look at.
OVERDUE_MS = 48 * HOUR_MS
# What a backfill may reach; a site is never planned further back.
_LOOK_BACK_MS = 730 * DAY_MS


@dataclass(frozen=True, slots=True)
class EveryDueDay:
    """Send one message per due day of every site."""


@dataclass(frozen=True, slots=True)
class OneDay:
    """Archive this day of the site now."""

    site: str
    day_ms: int


def parse(event: Mapping[str, Any], now_ms: int) -> EveryDueDay | OneDay:
    """The event's meaning; InvalidRequestError where it has none."""
    if not event:
        return EveryDueDay()
    if set(event) != {"site", "date"} or not all(isinstance(value, str) for value in event.values()):
        raise InvalidRequestError('an event is {} or {"site", "date"}')
    try:
        day_ms = day_start(event["date"])
    except ValueError as error:
        raise InvalidRequestError(f"date is a day: {error}") from None
    if day_ms > now_ms:
        raise InvalidRequestError("date is in the future")
    return OneDay(check_site(event["site"]), day_ms)


def complete_days(record: SiteRecord) -> Span:
    """The days that the site's sync has passed, from its first on."""
    if record.checkpoint_ms is None or record.first_ms is None:
        return Span(0, 0)
    end = record.checkpoint_ms - record.checkpoint_ms % DAY_MS
    start = max(record.first_ms - record.first_ms % DAY_MS, end - _LOOK_BACK_MS)
    return Span(min(start, end), end)


def due(days: Span, records: Iterable[ArchiveRecord]) -> list[int]:
    """Starts of the complete days that are not archived or changed since, and of older ones written to."""
    known = {record.day_ms: record for record in records}
    before = {day for day, record in known.items() if day < days.start_ms}
    candidates = sorted(before | set(range(days.start_ms, days.end_ms, DAY_MS)))
    return [day for day in candidates if day not in known or not known[day].settled]


def overdue(days_ms: Iterable[int], now_ms: int) -> list[int]:
    """Those of the due days that ended more than 48 hours ago."""
    return [day for day in days_ms if now_ms - (day + DAY_MS) > OVERDUE_MS]
