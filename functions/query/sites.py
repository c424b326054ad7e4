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
    checked: dict[str, int] = field(default_factory=dict)
    """By site, when its record was loaded and visible."""

    def has(self, site: str) -> bool:
        """Returns whether the site is visible, or was within the last minute."""
        now_ms = self.now()
        if site in self.checked and now_ms - self.checked[site] < _TTL_MS:
            return True
        visible = is_visible(self.table.load(site))
        if visible:
            self.checked[site] = now_ms
        return visible

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
