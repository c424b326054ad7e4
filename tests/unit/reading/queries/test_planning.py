"""What is planned of a request, and what is refused."""

import itertools
import json
from dataclasses import replace

import pytest

from vitals.errors import InvalidRequestError, NotFoundError, TooLargeError
from vitals.model.points import Catalog, ListedPoint, Point
from vitals.model.timespan import DAY_MS, HOUR_MS
from vitals.reading.plan import QueryPlan
from vitals.reading.queries.planning import plan_query
from vitals.reading.request import MAX_NAME_BYTES, QueryRequest

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


@pytest.mark.parametrize("term", ["a", "ü/c #1, %"])
def test_sums_are_limited_by_their_bytes(term: str) -> None:
    text = f"sum: {' + '.join([json.dumps(term, ensure_ascii=False)] * 400)} + "
    names = [f"{text}{number}" for number in range(500)]
    fitting = itertools.takewhile(
        lambda size: size <= MAX_NAME_BYTES, itertools.accumulate(len(name.encode()) for name in names)
    )
    count = len(list(fitting))
    assert 0 < count < 500
    assert len(planned(point_names=names[:count], form="table").columns) == count
    with pytest.raises(InvalidRequestError, match="use at most 200,000: shorter sums, or fewer names"):
        planned(point_names=names[: count + 1], form="table")


def test_long_names_of_points_are_not_limited() -> None:
    listed = [ListedPoint(f"{number:0>4}" + "ü" * 508) for number in range(500)]
    names = [point.name for point in listed]
    request = QueryRequest("s", names, NOW - HOUR_MS, NOW, form="table")
    assert len(plan_query(request, Catalog().refreshed(listed), NOW, 365).columns) == 500


def test_percentiles_of_too_many_samples_are_refused() -> None:
    points = tuple(Point(i, ListedPoint(f"p{i:03}", interval_s=60)) for i in range(130))
    names = [point.name for point in points]
    request = QueryRequest("s", names, NOW - DAY_MS, NOW, "1mo", measure="p50")
    with pytest.raises(TooLargeError, match="use a shorter resolution or fewer points"):
        plan_query(replace(request, point_names=names), Catalog(points), NOW, 365)
    assert plan_query(replace(request, point_names=names[:100]), Catalog(points), NOW, 365).calendar
    assert plan_query(replace(request, resolution="1w"), Catalog(points), NOW, 365).calendar
    assert plan_query(replace(request, measure="mean"), Catalog(points), NOW, 365).calendar
