"""The record of a site: its name, and how far it is synced."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """A site; times are UTC ms, None before they are set.

    Everything from `first_ms` to `checkpoint_ms` was polled. `reread_ms` is when the recent past was last
    read again, `full_reread_ms` when all of the last 24 hours were, and `catalog_ms` when the latest steady
    listing of points was.
    """

    site: str
    display_name: str = ""
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
