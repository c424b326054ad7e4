"""The tier that serves each day of a span, and whether it must be read consistently. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from vitals.model.records.ledger import ArchiveRecord
from vitals.model.timespan import DAY_MS, MINUTE_MS, Span

# Longer than any read takes.
_EXPIRY_MARGIN_MS = 10 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class DayRun:
    """Consecutive days, or the parts of them in a span, and whether their items must be read consistently.

    An eventually consistent read costs half, and may lack what was written within the last second or so. So
    only days that are quiet (ArchiveRecord.is_quiet) are read like that.
    """

    span: Span
    consistent: bool


@dataclass(frozen=True, slots=True)
class Parts:
    """The tier of each part of a span.

    `files`: days whose file must be read. `hot`: runs of days with samples that only the hot tier has; it
    wins where both have a sample. `rollup`: runs of days whose rollups have everything.
    """

    files: tuple[int, ...] = ()
    hot: tuple[DayRun, ...] = ()
    rollup: tuple[DayRun, ...] = ()


def plan_parts(span: Span, records: Iterable[ArchiveRecord], now_ms: int, *, rollups: bool) -> Parts:
    """Returns the parts of a span. A day without a record has no data: writers make the record first.

    The hot tier has all of a day whose blocks have not expired, and takes one request less than its file.
    """
    by_day = {record.day_ms: record for record in records}
    files: list[int] = []
    hot: list[ArchiveRecord] = []
    rolled: list[ArchiveRecord] = []
    for day_ms in range(span.start_ms - span.start_ms % DAY_MS, span.end_ms, DAY_MS):
        record = by_day.get(day_ms)
        if record is None:
            continue
        if record.settled and rollups:
            rolled.append(record)
            continue
        expiring = record.expires_ms is not None and record.expires_ms <= now_ms + _EXPIRY_MARGIN_MS
        if expiring and record.etag:
            files.append(day_ms)
        if not (expiring and record.settled):
            hot.append(record)
    return Parts(tuple(files), _runs(hot, span, now_ms), _runs(rolled, span, now_ms))


def must_be_consistent(records: Iterable[ArchiveRecord], now_ms: int) -> bool:
    """Returns whether one read of all of these days must be consistent."""
    return not all(record.is_quiet(now_ms) for record in records)


def _runs(records: Iterable[ArchiveRecord], span: Span, now_ms: int) -> tuple[DayRun, ...]:
    """Returns days as runs of consecutive ones that are read alike, within `span`."""
    runs: list[DayRun] = []
    for record in records:
        day_ms, consistent = record.day_ms, not record.is_quiet(now_ms)
        day = Span(max(day_ms, span.start_ms), min(day_ms + DAY_MS, span.end_ms))
        if runs and runs[-1].span.end_ms == day.start_ms and runs[-1].consistent == consistent:
            runs[-1] = DayRun(Span(runs[-1].span.start_ms, day.end_ms), consistent)
        else:
            runs.append(DayRun(day, consistent))
    return tuple(runs)
