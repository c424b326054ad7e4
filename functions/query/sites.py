"""The sites of the stack, and which of them a request may name."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from vitals.model.records.sites import SiteRecord
from vitals.model.site_status import enabled_sites, is_visible, site_status
from vitals.store.state.sites import SiteTable

_TTL_MS = 60_000


@dataclass(frozen=True, slots=True)
class Sites:
    """The sites of the table; the `initial` ones are enabled unless their records differ.

    `now` gives UTC ms.
    """

    table: SiteTable
    initial: tuple[str, ...]
    now: Callable[[], int]
    loaded: dict[str, tuple[int, SiteRecord]] = field(default_factory=dict)
    """By site, when its record was loaded and visible, and the record."""

    def has(self, site: str) -> bool:
        """Returns whether the site is visible, or was within the last minute."""
        return self.find(site) is not None

    def find(self, site: str) -> SiteRecord | None:
        """Returns the record of a visible site, at most a minute old; None when there is none."""
        loaded_ms, record = self.loaded.get(site, (None, None))
        if loaded_ms is not None and self.now() - loaded_ms < _TTL_MS:
            return record
        return self.load(site)

    def load(self, site: str) -> SiteRecord | None:
        """Returns the record of a visible site as it is now; None when there is none."""
        now_ms, record = self.now(), self.table.load(site)
        if record is None or not is_visible(record):
            return None
        self.loaded[site] = (now_ms, record)
        return record

    def visible(self) -> list[SiteRecord]:
        """Returns the records of the sites that are enabled or paused, each with its status."""
        return [
            replace(record, status=site_status(record.site, record, self.initial))
            for record in self.table.list()
            if is_visible(record)
        ]

    def enabled(self) -> list[SiteRecord]:
        """Returns the records of the enabled sites; that of a site that was never synced is empty."""
        records = {record.site: record for record in self.table.list()}
        return [
            records.get(site) or SiteRecord(site) for site in enabled_sites(records.values(), self.initial)
        ]
