"""The catalog of a site: loaded, and refreshed from the upstream's listing when that is old."""

from collections.abc import Sequence
from dataclasses import dataclass

from etl import plan
from etl.receipt import Log, Receipt
from etl.weather import weather_points
from vitals.ace.listing import Listing
from vitals.ace.points import listed_from_ace
from vitals.errors import UpstreamError, UpstreamUnavailableError
from vitals.model.points import MAX_NAME, Catalog, ListedPoint
from vitals.model.records.sites import SiteRecord
from vitals.pipeline.ingest import Ingest
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.sites import SiteTable

_NAMES_LOGGED = 5
_MAX_SITE_NAME = 200


@dataclass(frozen=True, slots=True)
class _Refresh:
    """A listing with what was stored before it; `record` is the site's, None for a new one."""

    site: str
    record: SiteRecord | None
    stored: Catalog
    listing: Listing
    display_name: str
    now_ms: int


@dataclass(frozen=True, slots=True)
class CatalogSync:
    """Keeps the catalogs of sites, which are listed again after `every_ms`."""

    ingest: Ingest
    catalogs: CatalogTable
    sites: SiteTable
    log: Log
    every_ms: int

    def load(self, record: SiteRecord | None, receipt: Receipt) -> Catalog:
        """Returns the site's catalog, refreshed when due; a stored one outlives a failed refresh."""
        stored = self.catalogs.load(receipt.site)
        now_ms = self.ingest.now()
        if not plan.catalog_due(record, now_ms, self.every_ms):
            return stored
        try:
            site = self.ingest.ace.site(receipt.site)
            listing = self.ingest.ace.configured_points(receipt.site)
            if not listing.items and (stored.active_ids or listing.malformed):
                raise UpstreamUnavailableError("the upstream lists no points")
        except UpstreamError as error:
            # Without a listing, a catalog has at most the points of restored files, which are inactive.
            if not stored.active_ids:
                raise
            receipt.isolate("catalog", error, self.log)
            return stored
        _log_listing(receipt.site, listing, self.log)
        nice_name = site.get("nice_name")
        display_name = nice_name if isinstance(nice_name, str) and nice_name.strip() else receipt.site
        return self._store(
            _Refresh(
                site=receipt.site,
                record=record,
                stored=stored,
                listing=listing,
                display_name=display_name[:_MAX_SITE_NAME],
                now_ms=now_ms,
            )
        )

    def _store(self, refresh: _Refresh) -> Catalog:
        """Stores the listing. Its time is noted last, so that a sync that dies before that lists again."""
        site, record, listing = refresh.site, refresh.record, refresh.listing
        points = [listed_from_ace(item) for item in listing.items if len(item["name"]) <= MAX_NAME]
        added = {point.name for point in points} - refresh.stored.active_ids.keys()
        catalog = self._merge(refresh, points)
        unchanged = not added and len(points) == refresh.stored.configured.bit_count()
        # A doubtful listing is repeated soon, unless it has exactly the points of the catalog.
        listed_ms = refresh.now_ms if listing.steady or unchanged else None
        before_ms = record.catalog_ms if record else None
        self.sites.record_catalog(site, refresh.display_name, len(catalog.active_ids), listed_ms, before_ms)
        return catalog

    def _merge(self, refresh: _Refresh, points: Sequence[ListedPoint]) -> Catalog:
        return self.catalogs.refresh(
            refresh.site,
            [*points, *weather_points()],
            proves_absence=refresh.listing.proves_absence,
            since=refresh.stored,
            unread_from_ms=plan.unlisted_since(refresh.record),
        )


def _log_listing(site: str, listing: Listing, log: Log) -> None:
    """Logs what is wrong with a listing that is used all the same."""
    if listing.doubt:
        log.warning("listing of points not steady", site=site, reason=listing.doubt)
    # The client has logged entries that cannot be read at all, by page and byte.
    if listing.nameless:
        log.warning(
            "entries without a name in the listing of points",
            site=site,
            count=listing.nameless,
            reason=listing.problem,
        )
    names = sorted(item["name"] for item in listing.items if len(item["name"]) > MAX_NAME)
    if names:
        log.warning(
            "points with too long names are left out",
            site=site,
            count=len(names),
            points=[f"{name[:80]}…" for name in names[:_NAMES_LOGGED]],
            reason=f"a name must have at most {MAX_NAME} characters",
        )
