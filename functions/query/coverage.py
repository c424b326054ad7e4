"""Answers with the coverage of a site: day by day, which windows were polled and which have data."""

from query.schemas import CoverageAnswer, CoverageDay
from vitals.model.records.ledger import ArchiveRecord, Coverage
from vitals.model.timespan import DAY_MS, WINDOWS_PER_DAY, Span, day_name
from vitals.store.state.ledger import Ledger

MAX_DAYS = 731


def coverage(ledger: Ledger, site: str, span: Span, now_ms: int) -> CoverageAnswer:
    """Returns the coverage of the span's days."""
    windows = ledger.coverage(site, span)
    archived = {record.day_ms: record for record in ledger.archive_records(site, span)}
    days = [
        _day(windows, row, archived.get(windows.start_ms + row * DAY_MS), now_ms)
        for row in range(len(windows.counts) // WINDOWS_PER_DAY)
    ]
    return {"site_name": site, "windows_per_day": WINDOWS_PER_DAY, "days": days}


def _day(coverage: Coverage, row: int, record: ArchiveRecord | None, now_ms: int) -> CoverageDay:
    windows = slice(row * WINDOWS_PER_DAY, (row + 1) * WINDOWS_PER_DAY)
    counts, polled = coverage.counts[windows], coverage.polled[windows]
    day_ms = coverage.start_ms + row * DAY_MS
    return {
        "date": day_name(day_ms),
        "windows_expected": min(WINDOWS_PER_DAY, max(0, (now_ms - day_ms) * WINDOWS_PER_DAY // DAY_MS)),
        "windows_polled": int(polled.sum()),
        "windows_with_data": int((counts > 0).sum()),
        "samples": int(counts.sum()),
        "archive": record.status if record else "",
        "archived_samples": record.rows if record else 0,
        "settled": record is not None and record.settled,
    }
