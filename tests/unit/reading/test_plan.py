"""What is planned of a request, and what is refused."""

import itertools
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.errors import InvalidRequestError, NotFoundError, TooLargeError
from vitals.model.points import Catalog, ListedPoint, Point
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span
from vitals.reading.plan import DayRun, QueryPlan, must_be_consistent, plan_parts, plan_query
from vitals.reading.request import QueryRequest

NOW = 1_767_225_600_000
CATALOG = Catalog().refreshed([ListedPoint("a"), ListedPoint("b", interval_s=900), ListedPoint("ü/c #1, %")])


def planned(**changes) -> QueryPlan:
    request = {"site": "s", "point_names": ["a"], "start": NOW - HOUR_MS, "end": NOW} | changes
    return plan_query(QueryRequest(**request), CATALOG, NOW, 365)


def test_points_stand_in_the_order_asked_once() -> None:
    plan = planned(point_names=["ü/c #1, %", "nobody", "a", "a"])
    assert plan.names == ("ü/c #1, %", "nobody", "a")
    assert plan.ids == [2, 0]
    assert plan.unknown == ["nobody"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"point_names": []}, InvalidRequestError),
        ({"point_names": ["nobody", "'; DROP", "../../etc"]}, NotFoundError),
        ({"point_names": [str(i) for i in range(5_000)]}, TooLargeError),
        ({"start": NOW, "end": NOW}, InvalidRequestError),
        ({"start": NOW, "end": NOW - 1}, InvalidRequestError),
        ({"start": NOW + 1, "end": NOW + 2}, InvalidRequestError),
        ({"start": "yesterday"}, InvalidRequestError),
        ({"start": NOW - 365 * DAY_MS - 1}, TooLargeError),
        ({"next_token": "x"}, InvalidRequestError),
        ({"next_token": "bnVsbA"}, InvalidRequestError),
        ({"next_token": "ü"}, InvalidRequestError),
    ],
)
def test_what_cannot_be_answered_is_refused(changes: dict, error: type[Exception]) -> None:
    with pytest.raises(error):
        planned(**changes)


@pytest.mark.parametrize(
    "changes", [{"point_names": [str(i) for i in range(5_000)]}, {"start": NOW - 365 * DAY_MS - 1}]
)
def test_too_large_requests_are_pointed_to_exports(changes: dict) -> None:
    with pytest.raises(TooLargeError, match="POST /exports"):
        planned(**changes)


@pytest.mark.parametrize(("limit", "resolution"), [(60, "raw"), (59, "1h"), (1, "1h"), (0, "1d")])
def test_auto_charts_use_the_finest_resolution_in_time(
    monkeypatch: pytest.MonkeyPatch, limit: int, resolution: str
) -> None:
    monkeypatch.setattr("vitals.reading.resolution._CHART_SAMPLES", limit)
    monkeypatch.setattr("vitals.reading.resolution._CHART_ROWS", limit)
    assert planned(width=10).resolution == resolution


def archived(day: int, **facts) -> ArchiveRecord:
    """A day that was written to and archived long ago, with an expiry that is long ahead."""
    long_ago = NOW - 100 * DAY_MS
    old = {"changed_ms": long_ago, "began_ms": long_ago + HOUR_MS, "status": "done", "etag": "e"}
    old |= {"expires_ms": NOW + DAY_MS, "seconds": 9.5}
    return ArchiveRecord(NOW + day * DAY_MS, **(old | facts))


def runs_of(planned: Iterable[DayRun]) -> list[tuple[float, float, bool]]:
    """Runs in days since NOW."""
    return [
        ((run.span.start_ms - NOW) / DAY_MS, (run.span.end_ms - NOW) / DAY_MS, run.consistent)
        for run in planned
    ]


def test_days_that_change_are_read_consistently() -> None:
    span = Span(NOW - 5 * DAY_MS, NOW + HOUR_MS)
    recent = {"changed_ms": NOW - 29 * MINUTE_MS}
    days = [archived(-5), archived(-4), archived(-3, **recent), archived(-2), archived(0, **recent)]
    parts = plan_parts(span, days, NOW, rollups=False)
    assert runs_of(parts.hot) == [(-5, -3, False), (-3, -2, True), (-2, -1, False), (0, 1 / 24, True)]
    parts = plan_parts(span, days, NOW, rollups=True)
    assert runs_of(parts.rollup) == [(-5, -3, False), (-2, -1, False)]
    assert runs_of(parts.hot) == [(-3, -2, True), (0, 1 / 24, True)]


def test_rollups_just_written_are_read_consistently() -> None:
    """A day is quiet half an hour after its archiving has ended, however long that took."""
    for seconds, minutes, consistent in (
        (60, 30, True),
        (60, 32, False),
        (1200, 32, True),
        (1200, 51, False),
    ):
        day = archived(-1, began_ms=NOW - minutes * MINUTE_MS, seconds=float(seconds))
        parts = plan_parts(Span(NOW - DAY_MS, NOW), [day], NOW, rollups=True)
        assert runs_of(parts.rollup) == [(-1, 0, consistent)]
        assert must_be_consistent([archived(-2), day], NOW) is consistent


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(-90, 5)), unique_by=lambda day: day[0]))
def test_runs_have_every_day_once(changes: list[tuple[int, int]]) -> None:
    records = [archived(day, changed_ms=NOW + minutes * MINUTE_MS) for day, minutes in sorted(changes)]
    span = Span(NOW + HOUR_MS, NOW + 6 * DAY_MS + HOUR_MS)
    parts = plan_parts(span, records, NOW, rollups=False)
    read = {
        day_ms: run.consistent
        for run in parts.hot
        for day_ms in range(run.span.start_ms - run.span.start_ms % DAY_MS, run.span.end_ms, DAY_MS)
    }
    assert read == {record.day_ms: not record.is_quiet(NOW) for record in records}
    assert all(span.start_ms <= run.span.start_ms < run.span.end_ms <= span.end_ms for run in parts.hot)
    # Neighbours that are read alike are one run.
    for earlier, later in itertools.pairwise(parts.hot):
        assert earlier.span.end_ms < later.span.start_ms or earlier.consistent != later.consistent


def test_percentiles_of_too_many_samples_are_refused() -> None:
    points = tuple(Point(i, ListedPoint(f"p{i:03}", interval_s=60)) for i in range(130))
    names = [point.name for point in points]
    request = QueryRequest("s", names, NOW - DAY_MS, NOW, "1mo", measure="p50")
    with pytest.raises(TooLargeError, match="use a shorter resolution or fewer points"):
        plan_query(replace(request, point_names=names), Catalog(points), NOW, 365)
    assert plan_query(replace(request, point_names=names[:100]), Catalog(points), NOW, 365).calendar
    assert plan_query(replace(request, resolution="1w"), Catalog(points), NOW, 365).calendar
    assert plan_query(replace(request, measure="mean"), Catalog(points), NOW, 365).calendar
