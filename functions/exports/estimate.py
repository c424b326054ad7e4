"""How many bytes an export will have, from the ledger and the catalog: pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vitals.model import zones
from vitals.model.points import Catalog, Point
from vitals.model.records.exports import ExportFormat
from vitals.model.records.ledger import ArchiveRecord, Coverage
from vitals.model.timespan import DAY_MS, WINDOW_MS, Span
from vitals.reading.plan import QueryPlan

# The interval of points for which ACE names none; most are collected every minute.
_DEFAULT_INTERVAL_S = 60
# A sync reads the weather once.
_WEATHER_INTERVAL_S = 300
# A time of 24 characters, a value of up to 18, and three separators; measured: 42.
_CSV_ROW_BYTES = 45
# The keys of an object.
_JSON_KEYS_BYTES = 40
# An index of a name, a time and a value.
_ARROW_ROW_BYTES = 20.0
# A number of up to 18 characters with its separator; in binary formats, before any compression.
_TEXT_NUMBER_BYTES, _NUMBER_BYTES = 19, 8
# Of each number of a row, in JSON.
_KEY_BYTES = 12
# A mean has min, max, count, first, last and known, others a count and known, all of them maybe ends.
_NUMBERS_OF_MEAN, _NUMBERS_OF_OTHERS = 8, 6
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
        if file_format in ("csv", "json"):
            total += rows * (csv_row_bytes + (_JSON_KEYS_BYTES if file_format == "json" else 0))
        elif file_format == "arrow":
            total += rows * _ARROW_ROW_BYTES
        elif record.settled and record.rows:
            total += rows * _PARQUET_PER_DAY_FILE * record.bytes / record.rows
        else:
            total += rows * _PARQUET_ROW_BYTES
    return round(total)


def estimated_bytes_of_buckets(plans: Sequence[QueryPlan], file_format: ExportFormat) -> int:
    """Returns the bytes of the files of these groups of points, if every bucket has a row."""
    return round(sum(_bytes_of_plan(plan, file_format) for plan in plans))


def _bytes_of_plan(plan: QueryPlan, file_format: ExportFormat) -> float:
    rows = plan.span.length_ms / plan.bucket_ms
    is_text, with_keys = file_format in ("csv", "json"), file_format == "json"
    if plan.is_table:
        keys = sum(len(column.name.encode()) + _KEY_BYTES for column in plan.columns) if with_keys else 0
        numbers, names = len(plan.columns), 0.0
    else:
        rows *= len(plan.ids)
        numbers = _NUMBERS_OF_MEAN if plan.measure.name == "mean" else _NUMBERS_OF_OTHERS
        keys = numbers * _KEY_BYTES if with_keys else 0
        names = sum(len(name.encode()) for name in plan.names) / len(plan.names)
    if not is_text:
        return rows * _NUMBER_BYTES * (numbers + 1)
    return rows * (names + _CSV_ROW_BYTES + _OFFSET_BYTES + keys + numbers * _TEXT_NUMBER_BYTES)


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
