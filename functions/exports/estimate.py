"""How many bytes an export will have, from the ledger and the catalog: pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vitals.model import zones
from vitals.model.points import Catalog, Point
from vitals.model.records.exports import ExportFormat
from vitals.model.records.ledger import ArchiveRecord, Coverage
from vitals.model.timespan import DAY_MS, WINDOW_MS, Span

# The interval of points for which ACE names none; most are collected every minute.
_DEFAULT_INTERVAL_S = 60
# A sync reads the weather once.
_WEATHER_INTERVAL_S = 300
# A time of 24 characters, a value of up to 18, and three separators; measured: 42.
_CSV_ROW_BYTES = 45
# An offset from UTC instead of the Z.
_OFFSET_BYTES = 5
# Measured over 6.6 million rows: 3.9 bytes a row, where the day file has 1.7.
_PARQUET_ROW_BYTES = 4.0
_PARQUET_PER_DAY_FILE = 2.5


@dataclass(frozen=True, slots=True)
class Selection:
    """The points of an export: their share of the site's rows, and the mean bytes of a row's name."""

    share: float
    name_bytes: float


def selection(catalog: Catalog, ids: Sequence[int]) -> Selection:
    """Returns the selection of these points, all without ids, assuming that each keeps its interval."""
    points = [catalog.points[point_id] for point_id in ids] or catalog.points
    weight = sum(map(_rate, points))
    if not weight:
        return Selection(0.0, 0.0)
    chosen = frozenset(ids)
    others = sum(_rate(point) for point in catalog.active if point.id not in chosen) if ids else 0.0
    names = sum(_rate(point) * len(point.name.encode()) for point in points)
    return Selection(weight / (weight + others), names / weight)


def estimated_bytes(
    file_format: ExportFormat,
    span: Span,
    records: Iterable[ArchiveRecord],
    coverage: Coverage,
    selected: Selection,
    zone: str = zones.UTC,
) -> int:
    """Returns the bytes of the files; `coverage` has the windows of the days that are not settled."""
    total = 0.0
    csv_row_bytes = selected.name_bytes + _CSV_ROW_BYTES + (0 if zone == zones.UTC else _OFFSET_BYTES)
    for record in records:
        rows = _rows(record, span, coverage) * selected.share
        if file_format == "csv":
            total += rows * csv_row_bytes
        elif record.settled and record.rows:
            total += rows * _PARQUET_PER_DAY_FILE * record.bytes / record.rows
        else:
            total += rows * _PARQUET_ROW_BYTES
    return round(total)


def _rows(record: ArchiveRecord, span: Span, coverage: Coverage) -> float:
    """Returns the expected rows of the day in the span; those of a settled day are spread evenly over it."""
    day = Span(max(record.day_ms, span.start_ms), min(record.day_ms + DAY_MS, span.end_ms))
    archived = record.rows * day.length_ms / DAY_MS
    if record.settled:
        return archived
    first = (day.start_ms - coverage.start_ms) // WINDOW_MS
    end = -((coverage.start_ms - day.end_ms) // WINDOW_MS)
    return max(archived, float(coverage.counts[first:end].sum()))


def _rate(point: Point) -> float:
    """Returns the samples of a point per second."""
    default_s = _WEATHER_INTERVAL_S if point.is_weather else _DEFAULT_INTERVAL_S
    return 1 / (point.listed.interval_s or default_s)
