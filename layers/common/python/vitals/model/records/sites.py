"""The record of a site: its name, status, timezone, units and holidays, and how far it is synced."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypedDict, get_args

from vitals.errors import InvalidRequestError
from vitals.model.key_group import DEFAULT_GROUP
from vitals.model.timespan import day_start
from vitals.model.zones import UTC

RecordedStatus = Literal["enabled", "paused", "removed"]
Units = Literal["source", "metric", "imperial"]
UNITS: tuple[Units, ...] = get_args(Units)
SiteSetting = Literal["timezone", "units", "holidays"]
SITE_SETTINGS: tuple[SiteSetting, ...] = get_args(SiteSetting)
"""The fields of a record whose changes are recorded."""

ENABLED: Literal["enabled"] = "enabled"
PAUSED: Literal["paused"] = "paused"
REMOVED: Literal["removed"] = "removed"

# The listing of sites reads them all; 400 dates are 4.4 KB.
MAX_HOLIDAYS = 400
_FIRST_HOLIDAY, _LAST_HOLIDAY = "1990-01-01", "2100-12-31"
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """A site; times are UTC ms, None before they are set.

    Everything from `first_ms` to `checkpoint_ms` was polled. `reread_ms` is when the recent past was last
    read again, `full_reread_ms` when all of the last 24 hours were, and `catalog_ms` when the latest steady
    listing of points was.
    """

    site: str
    display_name: str = ""
    status: RecordedStatus | None = None
    """Set by `vitals site`; None where model/site_status decides by the initial list."""
    status_ms: int | None = None
    """Since when the site has its status: set by `vitals site`, or by the first message of the schedule."""
    key_group: str = DEFAULT_GROUP
    """Set by `vitals site add --key`; the sites of a group share a key of ACE."""
    timezone: str = UTC
    """An IANA name: where the site's days begin."""
    units: Units = "source"
    """The units of answers: those of the source, or converted ones."""
    holidays: tuple[str, ...] = ()
    """Local dates YYYY-MM-DD in order, each once."""
    points: int = 0
    first_ms: int | None = None
    checkpoint_ms: int | None = None
    full_reread_ms: int | None = None
    reread_ms: int | None = None
    catalog_ms: int | None = None
    catalog_before_ms: int | None = None
    """The time of the steady listing before the one of `catalog_ms`."""
    rejected: Mapping[str, int] = field(default_factory=dict)
    """Rejected readings of the latest sync by reason; it polled `rejected_from_ms` to `checkpoint_ms`."""
    rejected_from_ms: int | None = None

    @property
    def is_placeholder(self) -> bool:
        """Whether the record only has the time of the schedule's first message: no sync has succeeded yet."""
        was_read = self.points or self.catalog_ms is not None or self.checkpoint_ms is not None
        return self.status is None and self.status_ms is not None and not was_read


def check_units(text: str) -> Units:
    """Returns the units; raises InvalidRequestError for another text."""
    for units in UNITS:
        if text == units:
            return units
    raise InvalidRequestError(f"units must be {', '.join(UNITS[:-1])} or {UNITS[-1]}")


def check_holidays(dates: Iterable[str]) -> tuple[str, ...]:
    """Returns the dates in order, each once; raises InvalidRequestError for other texts or too many dates."""
    holidays = tuple(sorted(set(dates)))
    for text in holidays:
        if not _is_holiday(text):
            raise InvalidRequestError(
                f"holidays must be dates from {_FIRST_HOLIDAY} to {_LAST_HOLIDAY}, such as 2026-12-25;"
                f" {text[:_SHOWN]!r} is not one"
            )
    if len(holidays) > MAX_HOLIDAYS:
        raise InvalidRequestError(f"holidays must have at most {MAX_HOLIDAYS} dates, not {len(holidays)}")
    return holidays


def _is_holiday(text: str) -> bool:
    try:
        day_start(text)
    except ValueError:
        return False
    return _FIRST_HOLIDAY <= text <= _LAST_HOLIDAY


class SiteSettings(TypedDict, total=False):
    """Settings of a site to change."""

    timezone: str
    units: Units
    holidays: tuple[str, ...]


def key_group_of(record: SiteRecord | None) -> str:
    """Returns the key group of a site, which may have no record yet."""
    return record.key_group if record else DEFAULT_GROUP
