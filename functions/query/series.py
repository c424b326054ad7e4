"""What an answer says of each series beside its rows: gaps with their reasons, and coverage."""

from collections.abc import Mapping, Sequence

import numpy as np

from query import schemas
from query.schemas import ColumnSeries
from vitals.model.aggregates import Aggregates
from vitals.model.records.ledger import ArchiveRecord, Coverage
from vitals.model.timespan import DAY_MS, WINDOWS_PER_DAY, Span, day_name, iso
from vitals.reading.gaps import Gap
from vitals.reading.plan import QueryPlan
from vitals.reading.reader import Page
from vitals.store.state.ledger import Ledger


def of(planned: QueryPlan, read: Page, explained_: Mapping[int, Sequence[Gap]]) -> list[ColumnSeries]:
    """One series per point in the order asked."""
    covered = Span(planned.start_ms, max(planned.start_ms, read.until_ms))
    found = []
    for name, point in zip(planned.names, planned.points, strict=True):
        rows = read.rows
        low, high = (0, 0) if point is None else np.searchsorted(rows.ids, [point.id, point.id + 1])
        mine = rows[int(low) : int(high)]
        mine_gaps = explained_.get(point.id, ()) if point else ()
        interval_s = point.listed.interval_s if point else None
        goes_on_ms = read.continued.get(point.id) if point else None
        one: ColumnSeries = {
            "point_name": name,
            "timestamps": mine.times,
            "values": mine.values,
            "gaps": [_gap(gap, goes_on_ms) for gap in mine_gaps],
            "coverage": {
                "expected": interval_s and covered.length_ms // (1000 * interval_s),
                "received": read.received.get(point.id, 0) if point else 0,
            },
        }
        if isinstance(mine, Aggregates):
            one |= {"min": mine.mins, "max": mine.maxs, "count": mine.counts}
            one |= {"first": mine.firsts, "last": mine.lasts}
        found.append(one)
    return found


def _gap(gap: Gap, goes_on_ms: int | None) -> schemas.Gap:
    written: schemas.Gap = {
        "start": iso(gap.span.start_ms),
        "end": iso(gap.span.end_ms),
        "reason": gap.reason,
    }
    if gap.span.start_ms == goes_on_ms:
        written["continues"] = True
    return written


def coverage(ledger: Ledger, site: str, span: Span, now_ms: int) -> schemas.CoverageAnswer:
    """The heat map of a span's days."""
    known = ledger.coverage(site, span)
    archived = {record.day_ms: record for record in ledger.archive_records(site, span)}
    days = [
        _day(known, row, archived.get(known.start_ms + row * DAY_MS), now_ms)
        for row in range(len(known.counts) // WINDOWS_PER_DAY)
    ]
    return {"site_name": site, "windows_per_day": WINDOWS_PER_DAY, "days": days}


def _day(known: Coverage, row: int, record: ArchiveRecord | None, now_ms: int) -> schemas.CoverageDay:
    windows = slice(row * WINDOWS_PER_DAY, (row + 1) * WINDOWS_PER_DAY)
    counts, polled = known.counts[windows], known.polled[windows]
    day_ms = known.start_ms + row * DAY_MS
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
