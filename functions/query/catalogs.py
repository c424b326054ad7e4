"""The catalogs of sites, as a warm function remembers them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from vitals.model.points import Catalog
from vitals.store.state.catalog import CatalogTable

_TTL_MS = 60_000
# A catalog that lacks a requested name is loaded again, but not for every request that has a wrong name.
_RELOAD_MS = 1_000


@dataclass(frozen=True, slots=True)
class Catalogs:
    """Catalogs of the table by site, at most a minute old; `now` gives UTC ms."""

    table: CatalogTable
    now: Callable[[], int]
    loaded: dict[str, tuple[int, Catalog]] = field(default_factory=dict)
    """By site, when the catalog was loaded, and the catalog."""

    def find(self, site: str, names: Sequence[str] = ()) -> Catalog:
        """Returns the site's catalog, loaded again when it lacks one of the names."""
        loaded_ms, catalog = self.loaded.get(site, (0, Catalog()))
        age_ms = self.now() - loaded_ms
        incomplete = age_ms > _RELOAD_MS and any(name not in catalog.by_name for name in names)
        return self.load(site) if age_ms > _TTL_MS or incomplete else catalog

    def with_id(self, site: str, point_id: int) -> Catalog:
        """Returns the site's catalog, loaded again when it lacks the id of a page token.

        Another container, whose catalog is newer, may have made the token.
        """
        catalog = self.find(site)
        return self.load(site) if point_id >= len(catalog.points) else catalog

    def load(self, site: str) -> Catalog:
        """Returns the site's catalog as it is now."""
        now_ms, catalog = self.now(), self.table.load(site)
        self.loaded[site] = (now_ms, catalog)
        return catalog
