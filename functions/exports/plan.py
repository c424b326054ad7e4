"""The parts that an export consists of: pure."""

from collections.abc import Iterable, Iterator, Sequence

from vitals.model.records.exports import ExportPart
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.timespan import DAY_MS, Span

# A worker that is killed loses one part; as CSV 50 million rows take two to three minutes.
MAX_ROWS = 50_000_000


def parts(
    span: Span, records: Iterable[ArchiveRecord], points: int, scan_limit: int
) -> tuple[ExportPart, ...]:
    """Returns the parts of the range, in order; `points` 0 means all, `scan_limit` is Athena's in bytes.

    Consecutive settled days are read from the archive together, as many as one query may scan and one worker
    converts in time. Every other day, and a day whose file alone exceeds the limit, is merged from its file
    and blocks. A day without a record was never written to: writers create it before they write.
    """
    return tuple(_parts(span, records, points, scan_limit))


def _parts(
    span: Span, records: Iterable[ArchiveRecord], points: int, scan_limit: int
) -> Iterator[ExportPart]:
    run: list[ArchiveRecord] = []
    for record in records:
        if run and not _joins(run, record, points, scan_limit):
            yield _span_part("archive", run[0], run[-1], span)
            run = []
        if not record.settled or record.bytes > scan_limit:
            yield _span_part("day", record, record, span)
        elif record.rows:
            run.append(record)
    if run:
        yield _span_part("archive", run[0], run[-1], span)


def _joins(run: Sequence[ArchiveRecord], record: ArchiveRecord, points: int, scan_limit: int) -> bool:
    """Tells whether the day continues the run; a query would also read what lies between two days."""
    if not record.settled or record.day_ms != run[-1].day_ms + DAY_MS or not record.rows:
        return False
    days = [*run, record]
    return (
        sum(day.bytes for day in days) <= scan_limit
        and sum(_expected_rows(day, points) for day in days) <= MAX_ROWS
    )


def _expected_rows(record: ArchiveRecord, points: int) -> float:
    """Returns the rows of so many points, assuming that every point has the same number."""
    return record.rows * min(1.0, (points or record.points) / max(1, record.points))


def _span_part(kind: str, first: ArchiveRecord, last: ArchiveRecord, span: Span) -> ExportPart:
    return ExportPart(kind, max(first.day_ms, span.start_ms), min(last.day_ms + DAY_MS, span.end_ms))
