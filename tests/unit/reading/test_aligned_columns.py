"""The warning of charts whose columns do not hold whole buckets."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.model.points import Catalog, ListedPoint, Point
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span, day_start
from vitals.reading.plan import QueryPlan
from vitals.reading.queries.planning import plan_query
from vitals.reading.request import QueryRequest

CATALOG = Catalog((Point(0, ListedPoint("p")),))
START = day_start("2026-01-01")
NOW = day_start("2027-06-01")
ZONES = ["UTC", "America/Chicago", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo"]
RESOLUTIONS = ["30m", "1h", "2h", "1d", "3d", "1w", "1mo"]
INTERVALS = [15 * MINUTE_MS, 20 * MINUTE_MS, HOUR_MS, 7 * HOUR_MS, 28 * DAY_MS, 30 * DAY_MS]
INTERVALS += [days * DAY_MS for days in (1, 2, 3, 7, 400, 3_650)]


def planned(zone: str, start_ms: int, length_ms: int, **parameters: Any) -> QueryPlan:
    """A chart of a site in this zone."""
    request = QueryRequest("s", ["p"], start_ms, start_ms + length_ms, **parameters)
    return plan_query(request, CATALOG, NOW, 365, zone)


@pytest.mark.parametrize(
    ("zone", "days", "interval_ms", "parameters", "warned"),
    [
        ("UTC", 9, DAY_MS, {"resolution": "1d"}, False),
        ("America/Chicago", 9, DAY_MS, {"resolution": "1d"}, True),
        ("UTC", 9, DAY_MS, {"resolution": "1d", "timezone": "America/Chicago"}, False),
        ("America/Chicago", 9, DAY_MS, {"resolution": "1h"}, False),
        ("Asia/Kolkata", 9, DAY_MS, {"resolution": "1h"}, True),
        ("Asia/Kolkata", 9, 30 * MINUTE_MS, {"resolution": "1h"}, False),
        ("UTC", 90, 28 * DAY_MS, {"resolution": "1mo"}, True),
        ("UTC", 90, DAY_MS, {"resolution": "1mo"}, False),
        ("America/Chicago", 90, DAY_MS, {"resolution": "1mo"}, True),
        ("America/Chicago", 90, DAY_MS, {"resolution": "raw"}, False),
        ("UTC", 300, 365 * DAY_MS, {"resolution": "1y"}, True),
    ],
)
def test_columns_that_split_buckets_are_warned_of(
    zone: str, days: int, interval_ms: int, parameters: dict[str, str], warned: bool
) -> None:
    plan = planned(zone, START, days * DAY_MS, interval_ms=interval_ms, **parameters)
    assert bool(plan.notes) is warned


def test_a_warning_names_both_zones() -> None:
    plan = planned("America/Chicago", START, DAY_MS, interval_ms=DAY_MS, resolution="1d")
    assert plan.notes == [
        "Columns of 86400000 ms in UTC and 1d buckets in America/Chicago do not align."
        " Each bucket is in the column where it begins."
    ]


def test_a_range_before_everything_has_no_warning() -> None:
    plan = planned("America/Chicago", day_start("1980-01-01"), DAY_MS, interval_ms=DAY_MS, resolution="1d")
    assert (plan.span, plan.notes) == (Span(plan.span.start_ms, plan.span.start_ms), [])


@given(
    site=st.sampled_from(ZONES),
    zone=st.none() | st.sampled_from(ZONES),
    resolution=st.sampled_from(RESOLUTIONS),
    interval_ms=st.sampled_from(INTERVALS) | st.integers(HOUR_MS, 90 * DAY_MS),
    start_ms=st.sampled_from([START, day_start("2026-03-01")]) | st.integers(START, START + 365 * DAY_MS),
    length_ms=st.sampled_from([HOUR_MS, DAY_MS, 40 * DAY_MS]) | st.integers(1, 40 * DAY_MS),
)
def test_a_warning_means_that_buckets_are_split(
    site: str, zone: str | None, resolution: str, interval_ms: int, start_ms: int, length_ms: int
) -> None:
    chart = {"resolution": resolution, "interval_ms": interval_ms, "timezone": zone}
    plan = planned(site, start_ms, length_ms, **chart)
    assert plan.shape and plan.calendar
    columns = plan.shape.columns
    edges = plan.calendar.edges(plan.span).tolist()
    in_one = all(
        columns.index_at(start) == columns.index_at(end - 1) for start, end in itertools.pairwise(edges)
    )
    of_whole_columns = all(columns.start_of(columns.index_at(edge)) == edge for edge in edges)
    assert bool(plan.notes) is not (in_one or of_whole_columns)
