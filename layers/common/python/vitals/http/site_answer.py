"""A site as every API shows it."""

from typing import Literal, TypedDict

from vitals.model.records.sites import ENABLED, PAUSED, SiteRecord, Units
from vitals.model.timespan import iso


class Site(TypedDict):
    """A site, and how far it is synced."""

    site_name: str
    display_name: str
    status: Literal["enabled", "paused"]
    """A paused site is not synced; its samples can be queried."""
    timezone: str
    """IANA name; UTC until it is set."""
    units: Units
    """Units of the answers: those of the source, or converted ones."""
    holidays: list[str]
    """Local dates YYYY-MM-DD, in order."""
    points: int
    synced_from: str | None
    synced_until: str | None
    lag_seconds: int | None
    """Null when the site was never synced."""


def site_answer(record: SiteRecord, now_ms: int) -> Site:
    """Returns the answer of a record that has its status."""
    checkpoint = record.checkpoint_ms
    return {
        "site_name": record.site,
        "display_name": record.display_name or record.site,
        "status": PAUSED if record.status == PAUSED else ENABLED,
        "timezone": record.timezone,
        "units": record.units,
        "holidays": list(record.holidays),
        "points": record.points,
        "synced_from": None if record.first_ms is None else iso(record.first_ms),
        "synced_until": None if checkpoint is None else iso(checkpoint),
        "lag_seconds": None if checkpoint is None else round((now_ms - checkpoint) / 1000),
    }
