"""The record of a site: its name and how far it is synced."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """All from `first_ms` to `checkpoint_ms` was asked for; the others say when that was done (UTC ms)."""

    site: str
    display_name: str = ""
    points: int = 0
    first_ms: int | None = None
    checkpoint_ms: int | None = None
    full_reread_ms: int | None = None
    reread_ms: int | None = None
    catalog_ms: int | None = None
    catalog_before_ms: int | None = None
    """The steady listing before that of `catalog_ms`."""
    rejected: Mapping[str, int] = field(default_factory=dict)
    """The latest sync's, by reason; it asked for the times from `rejected_from_ms` to `checkpoint_ms`."""
    rejected_from_ms: int | None = None
