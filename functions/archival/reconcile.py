"""Archiving a day after reading it again from the upstream, so that it has what arrived late."""

from dataclasses import dataclass
from typing import Any

from vitals.errors import NotFoundError
from vitals.model.site_day import SiteDay
from vitals.pipeline.archiver import Archiver
from vitals.pipeline.ingest import Ingest, Tally


@dataclass(frozen=True, slots=True)
class ReconcilingArchiver:
    """Archives days; `ingest` is None where days are not reconciled with the upstream."""

    archiver: Archiver
    ingest: Ingest | None

    def archive(self, day: SiteDay) -> dict[str, Any]:
        """Archives the day as Archiver.archive does; a day that is hot is read again first."""
        return self.archiver.archive(day, lambda: self._reconcile(day))

    def _reconcile(self, day: SiteDay) -> str:
        if self.ingest is None or not self.archiver.is_hot(day):
            return "hot"
        catalog = self.archiver.catalogs.load(day.site)
        if not catalog.active_ids:
            # A restored catalog: each reading would be rejected, and the day noted as polled.
            raise NotFoundError(f"no point of site {day.site} is listed yet; sync it first")
        self.ingest.fetch_long(day.site, catalog, day.span, Tally())
        # Recorded span by span, a day claims no point that it lacked before. It was read whole for these.
        self.ingest.ledger.record(day.site, day.span, {}, catalog.configured)
        return "hot+upstream"
