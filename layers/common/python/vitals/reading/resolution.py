"""The resolution that a query is answered in."""

from collections.abc import Iterable, Sequence

from vitals.errors import InvalidRequestError, TooLargeError
from vitals.model.aggregates import BUCKETS
from vitals.model.measures.calendar import Interval
from vitals.model.points import Point
from vitals.model.timespan import Span
from vitals.reading.request import DEFAULT_MAX_POINTS, QueryRequest

_DEFAULT_INTERVAL_S = 60
# Limits of a chart with resolution=auto; a month of ten points read every minute has 446,400 samples.
_CHART_SAMPLES = 500_000
_CHART_ROWS = 500_000
_MAX_CHART_SAMPLES = 5_000_000


def interval_s(point: Point) -> int:
    """Returns the point's collection interval in seconds, one minute when its listing has none."""
    return point.listed.interval_s or _DEFAULT_INTERVAL_S


def choose_interval(request: QueryRequest, span: Span, points: Sequence[Point]) -> Interval | None:
    """Returns the interval of the resolution requested, None for raw; for `auto` the finest that fits.

    Series stay within `max_points`. A chart is drawn from samples if there are few enough to read in time;
    TooLargeError when too many samples are requested. Measures, tables and operating hours are of buckets.
    """
    if request.is_chart:
        return _interval(_chart_resolution(request.resolution, span, points))
    if request.resolution == "auto":
        max_points = request.max_points or DEFAULT_MAX_POINTS
        return _interval(_finest_resolution(max_points, span, points, raw=not request.has_buckets))
    interval = _interval(request.resolution)
    if interval is None and request.measure is not None:
        raise InvalidRequestError("a measure is of buckets; use it with another resolution than raw")
    if interval is None and request.has_buckets:
        raise InvalidRequestError("operating hours are of buckets; use them with another resolution than raw")
    return interval


def _interval(resolution: str) -> Interval | None:
    return None if resolution == "raw" else Interval.parse(resolution)


def _finest_resolution(max_points: int, span: Span, points: Iterable[Point], *, raw: bool) -> str:
    shortest_s = min(map(interval_s, points))
    steps = [("raw", shortest_s * 1000)] if raw else []
    for resolution, step_ms in (*steps, *BUCKETS.items()):
        if span.length_ms <= max_points * step_ms:
            return resolution
    return "1d"


def _chart_resolution(resolution: str, span: Span, points: Sequence[Point]) -> str:
    expected = sum(span.length_ms / 1000 / interval_s(point) for point in points)
    if resolution == "auto":
        if expected <= _CHART_SAMPLES:
            return "raw"
        return "1h" if len(points) * span.length_ms / BUCKETS["1h"] <= _CHART_ROWS else "1d"
    interval = _interval(resolution)
    if (interval is None or interval.shortest_ms < BUCKETS["1h"]) and expected > _MAX_CHART_SAMPLES:
        raise TooLargeError(
            f"a chart would read about {expected:,.0f} samples; use resolution=auto or POST /exports"
        )
    return resolution
