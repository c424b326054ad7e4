"""Archiving a day that the upstream is asked for once more, so that what arrived late is in."""

from dataclasses import dataclass
from typing import Any

from vitals.model.timespan import DAY_MS, HOUR_MS, Span
from vitals.pipeline.archiver import Archiver
from vitals.pipeline.ingest import Ingest, Tally


@dataclass(frozen=True, slots=True)
class ReconcilingArchiver:
    """`ingest` is None where days are not reconciled with the upstream."""

    archiver: Archiver
    ingest: Ingest | None

    def archive(self, site: str, day_ms: int) -> dict[str, Any]:
        """Archives the day as Archiver.archive does, read again first while it is hot."""
        return self.archiver.archive(site, day_ms, lambda: self._reconcile(site, day_ms))

    def _reconcile(self, site: str, day_ms: int) -> str:
        if self.ingest is None or not self.archiver.is_hot(day_ms):
            return "hot"
        catalog = self.archiver.catalogs.load(site)
        day = Span(day_ms, day_ms + DAY_MS)
        for hour in day.pieces(HOUR_MS):
            self.ingest.fetch(site, catalog, hour, Tally())
        # Hour by hour the day claims no point that it lacked before; it was read whole for these.
        self.ingest.ledger.record(site, day, {}, catalog.configured)
        return "hot+upstream"
