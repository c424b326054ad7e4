"""The record of a site: its name, status, timezone and units, and how far it is synced."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypedDict, get_args

from vitals.errors import InvalidRequestError
from vitals.model.key_group import DEFAULT_GROUP
from vitals.model.zones import UTC

RecordedStatus = Literal["enabled", "paused", "removed"]
Units = Literal["source", "metric", "imperial"]
UNITS: tuple[Units, ...] = get_args(Units)
SiteSetting = Literal["timezone", "units"]
SITE_SETTINGS: tuple[SiteSetting, ...] = get_args(SiteSetting)
"""The fields of a record whose changes are recorded."""

ENABLED: Literal["enabled"] = "enabled"
PAUSED: Literal["paused"] = "paused"
REMOVED: Literal["removed"] = "removed"


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


class SiteSettings(TypedDict, total=False):
    """Settings of a site to change."""

    timezone: str
    units: Units


def key_group_of(record: SiteRecord | None) -> str:
    """Returns the key group of a site, which may have no record yet."""
    return record.key_group if record else DEFAULT_GROUP
