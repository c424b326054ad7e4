"""Marks the days of a site whose HotTable was lost, because its blocks and rollups are missing."""

from dataclasses import dataclass

from vitals.model.records.ledger import WRITE_GRACE_MS, ArchiveChange, Precondition
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, EARLIEST_MS, Span
from vitals.store.state.ledger import Ledger


@dataclass(frozen=True, slots=True)
class ReopenedDays:
    """The number of archived days of a site that are due again, and the starts of the days without a file."""

    site: str
    archived: int
    lost: tuple[int, ...]


def reopen_days(ledger: Ledger, site: str, now_ms: int) -> ReopenedDays:
    """Marks the days of a site whose blocks and rollups are lost; safe to repeat and to kill.

    Readers then take an archived day from its file, and it is due: its archiving writes the rollups again.
    A day without a file was not polled. Nothing may write samples of the site meanwhile.
    """
    records = ledger.archive_records(site, Span(EARLIEST_MS, now_ms + DAY_MS))
    archived = [record for record in records if record.etag]
    lost = [SiteDay(site, record.day_ms) for record in records if not record.etag]
    expired = ArchiveChange({"expires_ms": now_ms}, Precondition.LATER_EXPIRY, optional=True)
    for record in archived:
        ledger.apply(SiteDay(site, record.day_ms), [expired])
        # No writer runs, so the note needs no grace: an archiving from now on settles the day.
        changed_ms = max(now_ms, record.began_ms or 0) - WRITE_GRACE_MS
        ledger.mark_changed(site, [record.day_ms], changed_ms)
    for day in lost:
        ledger.forget_windows(day)
    return ReopenedDays(site, len(archived), tuple(day.day_ms for day in lost))
