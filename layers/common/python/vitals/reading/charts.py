"""Plans a chart: the columns that its rows are reduced to. Pure."""

from vitals.errors import InvalidRequestError, TooLargeError
from vitals.model import zones
from vitals.model.measures.calendar import Calendar, multiples
from vitals.model.timespan import DAY_MS, Span
from vitals.reading import shape
from vitals.reading.request import DEFAULT_MAX_POINTS, LONGEST_INTERVAL_MS, MAX_COLUMNS, QueryRequest
from vitals.reading.shape import Columns, LocalColumns, Shape

# Zones are known for a few centuries.
_LONGEST_LOCAL_MS = 36_525 * DAY_MS


def chart_shape(request: QueryRequest, span: Span, calendar: Calendar | None) -> Shape:
    """Returns how the rows of a chart are reduced; InvalidRequestError or TooLargeError if they cannot be."""
    method = request.method or "m4"
    if method not in shape.METHODS:
        raise InvalidRequestError(f"method must be one of {', '.join(shape.METHODS)}")
    if [request.width, request.interval_ms, request.max_points].count(None) < 2:
        raise InvalidRequestError("use only one of width, interval_ms and max_points")
    if request.interval_ms is not None:
        columns = _interval_columns(span, request.interval_ms, request.timezone)
        is_aligned = not calendar or not span or shape.are_aligned(columns, calendar.edges(span))
        return Shape(method, columns, request.interval_ms, is_aligned)
    count = request.width or max(1, (request.max_points or DEFAULT_MAX_POINTS) // shape.ROWS[method])
    if count > MAX_COLUMNS:
        raise TooLargeError(f"a chart has at most {MAX_COLUMNS:,} columns")
    return Shape(method, Columns(span, min(count, span.length_ms)))


def _interval_columns(span: Span, interval_ms: int, zone: str | None) -> Columns | LocalColumns:
    """Returns columns of one interval each, local where there is a zone.

    The first and last have only samples of the range.
    """
    if not 1 <= interval_ms <= LONGEST_INTERVAL_MS:
        raise InvalidRequestError(f"interval_ms must be a whole number from 1 to {LONGEST_INTERVAL_MS:,}")
    columns = shape.interval_columns(span, interval_ms)
    if columns.count > MAX_COLUMNS:
        raise TooLargeError(
            f"interval_ms={interval_ms} cuts the range into {columns.count:,} columns; a chart has at most"
            f" {MAX_COLUMNS:,}: use interval_ms={-(-span.length_ms // (MAX_COLUMNS - 1))} or more"
        )
    if zone is None:
        return columns
    if interval_ms > _LONGEST_LOCAL_MS:
        raise InvalidRequestError("interval_ms must be at most 100 years where there is a timezone")
    return LocalColumns(multiples(interval_ms, zones.check_zone(zone), span))
