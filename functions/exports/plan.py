"""What an export is asked for and the parts that it consists of: pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from vitals.errors import NotFoundError, TooLargeError
from vitals.model.points import Catalog
from vitals.model.ranges import Time, parse_range
from vitals.model.records.exports import ExportFormat, ExportPart, ExportPriority
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.timespan import DAY_MS, Span

MAX_DAYS = 730
# More names than this are nearly a whole site, and a plan must fit an item of DynamoDB.
MAX_POINTS = 5_000
# A part is what is done again when a worker is killed; as CSV 50 million rows take two to three minutes.
MAX_ROWS = 50_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """An export as it came in, types checked and nothing else; no names ask for every point."""

    site: str
    point_names: Sequence[str]
    start: Time
    end: Time
    format: ExportFormat
    priority: ExportPriority


def span(asked: Asked, now_ms: int) -> Span:
    """The range (ranges.parse_range), cut at the present; InvalidRequestError or TooLargeError otherwise."""
    wanted = parse_range(asked.start, asked.end, now_ms)
    stored = Span(wanted.start_ms, min(wanted.end_ms, now_ms))
    if stored.length_ms > MAX_DAYS * DAY_MS:
        raise TooLargeError(f"the range is longer than {MAX_DAYS} days, the most that one export takes")
    return stored


def point_ids(asked: Asked, catalog: Catalog) -> tuple[int, ...]:
    """Ids of the points asked for, none for all; NotFoundError names some that the site does not have."""
    names = list(dict.fromkeys(asked.point_names))
    if len(names) > MAX_POINTS:
        raise TooLargeError(f"{len(names)} points asked for; name {MAX_POINTS} at most, or none for all")
    unknown = [name for name in names if name not in catalog.by_name]
    if unknown:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        raise NotFoundError(f"the site has no point {', '.join(map(repr, unknown[:3]))}{more}")
    return tuple(catalog.by_name[name].id for name in names)


def parts(
    span: Span, records: Iterable[ArchiveRecord], points: int, scan_limit: int
) -> tuple[ExportPart, ...]:
    """The parts of the range, in order; `points` 0 stands for all, `scan_limit` is Athena's in bytes.

    Consecutive settled days are read from the archive together, as many as one query may scan and one worker
    converts in time. Every other day, and one whose file exceeds the limit alone, is merged anew from file
    and blocks. A day without a record was never written to: writers make it before they write.
    """
    return tuple(_parts(span, records, points, scan_limit))


def _parts(
    span: Span, records: Iterable[ArchiveRecord], points: int, scan_limit: int
) -> Iterator[ExportPart]:
    run: list[ArchiveRecord] = []
    for record in records:
        if run and not _joins(run, record, points, scan_limit):
            yield _part("archive", run[0], run[-1], span)
            run = []
        if not record.settled or record.bytes > scan_limit:
            yield _part("day", record, record, span)
        elif record.rows:
            run.append(record)
    if run:
        yield _part("archive", run[0], run[-1], span)


def _joins(run: Sequence[ArchiveRecord], record: ArchiveRecord, points: int, scan_limit: int) -> bool:
    """Whether the day continues the run; whatever lies between two days would be read with them."""
    if not record.settled or record.day_ms != run[-1].day_ms + DAY_MS or not record.rows:
        return False
    days = [*run, record]
    return (
        sum(day.bytes for day in days) <= scan_limit
        and sum(_expected_rows(day, points) for day in days) <= MAX_ROWS
    )


def _expected_rows(record: ArchiveRecord, points: int) -> float:
    """As if every point had as many samples."""
    return record.rows * min(1.0, (points or record.points) / max(1, record.points))


def _part(kind: str, first: ArchiveRecord, last: ArchiveRecord, span: Span) -> ExportPart:
    return ExportPart(kind, max(first.day_ms, span.start_ms), min(last.day_ms + DAY_MS, span.end_ms))
