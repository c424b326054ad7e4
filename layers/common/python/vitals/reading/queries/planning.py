"""Plans a query: its points, span, resolution and shape. Pure."""

from collections.abc import Callable, Iterable, Sequence

from vitals.errors import InvalidRequestError, TooLargeError
from vitals.model import zones
from vitals.model.measures import sums
from vitals.model.measures.calendar import Calendar, WeekStart
from vitals.model.measures.hours import OperatingHours
from vitals.model.measures.measure import MEAN, Measure, Source
from vitals.model.points import Catalog, Point
from vitals.model.records.sites import Units, check_units
from vitals.model.timespan import Span
from vitals.reading import page_token
from vitals.reading.charts import chart_shape
from vitals.reading.plan import QueryPlan
from vitals.reading.request import MAX_SAMPLES_AT_ONCE, QueryRequest
from vitals.reading.resolution import choose_interval, interval_s
from vitals.reading.shape import LocalColumns, Shape
from vitals.reading.tables.planning import check_form, check_sums, columns_of, fill_of

type Planner = Callable[[QueryRequest, Catalog, int, int, str, Units, Sequence[str]], QueryPlan]
"""A function with the arguments of plan_query."""


def plan_query(
    request: QueryRequest,
    catalog: Catalog,
    now_ms: int,
    max_range_days: int,
    zone: str = zones.UTC,
    units: Units = "source",
    holidays: Sequence[str] = (),
) -> QueryPlan:
    """Returns the plan of a request; `zone` and `units` are the site's, for a request that has none.

    `holidays` are the site's too, as YYYY-MM-DD.

    Raises InvalidRequestError, TooLargeError or NotFoundError when it cannot be answered.
    """
    check_form(request)
    requested_names = request.distinct_names()
    columns = columns_of(request, requested_names, catalog)
    names = sums.names(requested_names) if columns else requested_names
    request.check_count(names)
    zone, units = _zone_and_units(request, zone, units)
    requested = request.span(now_ms, max_range_days)
    existing = catalog.select(names, allow_unknown=True)
    check_sums(columns, existing, units)
    measure, calendar = _buckets(request, requested, existing, zone, holidays)
    span = calendar.widened(requested) if calendar else requested
    shape = chart_shape(request, span, calendar) if request.is_chart else None
    fingerprint = _fingerprint(request, requested_names, requested, calendar, shape, units)
    return QueryPlan(
        site=request.site,
        names=names,
        points=tuple(catalog.by_name.get(name) for name in names),
        requested=requested,
        span=span,
        calendar=calendar,
        measure=measure,
        zone=zone,
        units=units,
        start_ms=_start_ms(request.next_token, fingerprint, span),
        fingerprint=fingerprint,
        row_limit=_row_limit(request, calendar),
        shape=shape,
        form=request.form,
        columns=columns,
        fill=fill_of(request),
        is_tagged=bool(request.tags),
    )


def _zone_and_units(request: QueryRequest, zone: str, units: Units) -> tuple[str, Units]:
    """Returns those of the request, or else those given; InvalidRequestError for what does not exist."""
    zone = zone if request.timezone is None else zones.check_zone(request.timezone)
    return zone, units if request.units is None else check_units(request.units)


def _buckets(
    request: QueryRequest, span: Span, points: Sequence[Point], zone: str, holidays: Sequence[str]
) -> tuple[Measure, Calendar | None]:
    """Returns the measure, and the buckets that it is of; None for samples."""
    measure = _measure(request, points)
    calendar = _calendar(request, span, points, zone, holidays)
    _check_bucket(calendar, measure, points)
    return measure, calendar


def _measure(request: QueryRequest, points: Iterable[Point]) -> Measure:
    """Returns the measure requested; InvalidRequestError where it has no meaning."""
    if request.measure is None:
        return MEAN
    measure = Measure.parse(request.measure)
    if request.is_chart or request.max_points is not None:
        raise InvalidRequestError("a measure has no chart: omit width, interval_ms, method and max_points")
    if measure.source is Source.STEPS:
        for point in points:
            if point.kind in ("binary", "multistate"):
                raise InvalidRequestError(
                    f"{point.name!r} is a {point.kind} point, which has no {measure.name};"
                    " use runtime or starts"
                )
    return measure


def _check_bucket(calendar: Calendar | None, measure: Measure, points: Iterable[Point]) -> None:
    """Raises TooLargeError when one bucket has more samples than a read may hold in memory."""
    if calendar is None or measure.source is not Source.SAMPLES:
        return
    seconds = calendar.interval.shortest_ms / 1000
    expected = sum(seconds / interval_s(point) for point in points)
    if expected > MAX_SAMPLES_AT_ONCE:
        raise TooLargeError(
            f"{measure.name} is computed of all samples of a bucket at once, and one of {calendar.interval}"
            f" has about {expected:,.0f}; use a shorter resolution or fewer points, for at most"
            f" {MAX_SAMPLES_AT_ONCE:,}"
        )


def _calendar(
    request: QueryRequest, span: Span, points: Sequence[Point], zone: str, holidays: Sequence[str]
) -> Calendar | None:
    """Returns the buckets requested, None for samples."""
    interval = choose_interval(request, span, points)
    week_start = _week_start(request.week_start)
    hours = _hours(request, holidays, zone)
    return None if interval is None else Calendar(interval, zone, week_start, hours)


def _hours(request: QueryRequest, holidays: Sequence[str], zone: str) -> OperatingHours | None:
    """Returns the operating hours requested; InvalidRequestError where the answer has no buckets."""
    hours = OperatingHours.parse(request.hours, request.days, holidays, zone)
    if hours and (request.is_chart or request.max_points is not None):
        raise InvalidRequestError(
            "operating hours have no chart: omit width, interval_ms, method and max_points"
        )
    return hours


def _row_limit(request: QueryRequest, calendar: Calendar | None) -> int:
    """Returns the most rows of a page, of a table the most values."""
    has_aggregates = calendar is not None or request.method == "mean"
    return request.row_limit(aggregated=has_aggregates)


def _week_start(text: str | None) -> WeekStart:
    match text:
        case None | "monday":
            return "monday"
        case "sunday":
            return "sunday"
    raise InvalidRequestError("week_start must be monday or sunday")


def _fingerprint(
    request: QueryRequest,
    names: Sequence[str],
    span: Span,
    calendar: Calendar | None,
    shape: Shape | None,
    units: Units,
) -> str:
    drawn = None
    if shape:
        columns = shape.columns
        zone = [request.timezone, zones.version()] if isinstance(columns, LocalColumns) else request.timezone
        drawn = [shape.method, columns.count, columns.span.start_ms, columns.span.end_ms, zone]
    buckets = None
    if calendar:
        hours = calendar.hours and calendar.hours.facts()
        buckets = [str(calendar.interval), calendar.zone, calendar.week_start, zones.version(), hours]
    return page_token.fingerprint(
        request.site,
        names,
        span.start_ms,
        span.end_ms,
        buckets,
        request.measure,
        drawn,
        units,
        request.form,
        request.fill,
        sorted(request.tags),
        *([request.exclude] if request.exclude else []),
    )


def _start_ms(token: str | None, fingerprint: str, span: Span) -> int:
    """Returns where the page of a token starts; without a token, the start of the span."""
    if token is None:
        return span.start_ms
    start_ms = page_token.decode(token, fingerprint)
    if not span.start_ms <= start_ms < span.end_ms:
        raise page_token.invalid()
    return start_ms
