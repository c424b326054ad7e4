"""Adds the points of a site's day files to a new catalog, because StateTable was lost."""

from dataclasses import dataclass

from vitals.errors import DayFileError
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, EARLIEST_MS, Span
from vitals.store.state.catalog import CatalogTable
from vitals.store.tiers.cold import ColdTier


@dataclass(frozen=True, slots=True)
class RestoredCatalog:
    """The number of a site's day files, the points that its catalog lacked, and what is wrong with files."""

    site: str
    files: int
    added: tuple[str, ...]
    unreadable: tuple[str, ...]


def restore_catalog(cold: ColdTier, catalogs: CatalogTable, site: str, now_ms: int) -> RestoredCatalog:
    """Adds the points that only day files name, as inactive ones; safe to repeat, to kill and beside a sync.

    A file that cannot be read does not stop the others. ConflictError when the catalog changes all the time.
    """
    days = sorted(cold.present(site, Span(EARLIEST_MS, now_ms + DAY_MS)))
    names: set[str] = set()
    unreadable = []
    for day_ms in days:
        try:
            names |= cold.names(SiteDay(site, day_ms))
        except DayFileError as error:
            unreadable.append(str(error))
    missing = names - catalogs.load(site).by_name.keys()
    if missing:
        catalogs.add_inactive(site, missing)
    return RestoredCatalog(site, len(days), tuple(sorted(missing)), tuple(unreadable))
