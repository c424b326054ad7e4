"""How the store is kept: how far each site is, what was refused, what is due and what was given up."""

from dataclasses import dataclass
from typing import Any

from vitals.circuit import CircuitTable
from vitals.due import complete_days, due_days
from vitals.ledger import Ledger
from vitals.queue import DeadLetters
from vitals.sites import SiteRecord, SiteTable
from vitals.timespan import EARLIEST_MS, Span, day_name, iso
from vitals.tokens import EVERY_SITE, Grant

# The oldest, which are archived last; the count tells of the others.
MAX_DAYS = 100


@dataclass(frozen=True, slots=True)
class StatusReader:
    """Reads the status where the other functions leave it."""

    sites: SiteTable
    ledger: Ledger
    circuits: CircuitTable
    letters: DeadLetters

    def read(self, grant: Grant, now_ms: int) -> dict[str, Any]:
        """The status of the sites that are granted; what was given up takes a token of all."""
        open_until_ms = self.circuits.load().open_until_ms
        paused = {"upstream_paused_until": iso(open_until_ms) if now_ms < open_until_ms else None}
        records = [record for record in self.sites.list() if grant.allows("read", record.site)]
        return {
            "sites": [synced(record, now_ms) | self._upkeep(record) | paused for record in records],
            "dead_letters": self.letters.counts() if grant.allows("read", EVERY_SITE) else None,
        }

    def _upkeep(self, record: SiteRecord) -> dict[str, Any]:
        days = complete_days(record)
        due = due_days(days, self.ledger.archive_records(record.site, Span(EARLIEST_MS, days.end_ms)))
        counted = record.rejected_from_ms is not None
        return {
            "rejected": dict(record.rejected),
            "rejected_since": _iso(record.rejected_from_ms),
            "rejected_until": _iso(record.checkpoint_ms if counted else None),
            "unarchived_days": [day_name(day) for day in due[:MAX_DAYS]],
            "unarchived_count": len(due),
        }


def synced(record: SiteRecord, now_ms: int) -> dict[str, Any]:
    """A site with how far it is synced."""
    checkpoint = record.checkpoint_ms
    return {
        "site_name": record.site,
        "display_name": record.display_name,
        "points": record.points,
        "synced_from": _iso(record.first_ms),
        "synced_until": _iso(checkpoint),
        "lag_seconds": None if checkpoint is None else round((now_ms - checkpoint) / 1000),
    }


def _iso(time_ms: int | None) -> str | None:
    return None if time_ms is None else iso(time_ms)
