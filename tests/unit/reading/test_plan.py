import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.strategies import samples
from vitals.errors import InvalidRequestError, NotFoundError, TooLargeError
from vitals.model.points import Catalog, ListedPoint
from vitals.model.samples import Samples
from vitals.model.timespan import DAY_MS, HOUR_MS, WINDOW_MS, ceil_window
from vitals.reading import plan
from vitals.reading.plan import Asked, Limits

NOW = 1_767_225_600_000
CATALOG = Catalog().refreshed([ListedPoint("a"), ListedPoint("b", interval_s=900), ListedPoint("ü/c #1, %")])


def planned(**changes):
    asked = {"site": "s", "point_names": ["a"], "start": NOW - HOUR_MS, "end": NOW} | changes
    return plan.plan_query(Asked(**asked), CATALOG, NOW, 365)


def test_points_stand_in_the_order_asked_once() -> None:
    found = planned(point_names=["ü/c #1, %", "nobody", "a", "a"])
    assert found.names == ("ü/c #1, %", "nobody", "a")
    assert found.ids == [2, 0]
    assert found.unknown == ["nobody"]


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
def test_what_is_too_large_for_one_answer_is_pointed_to_exports(changes: dict) -> None:
    with pytest.raises(TooLargeError, match="POST /exports"):
        planned(**changes)


def test_a_token_goes_on_where_it_says_for_its_own_query_only() -> None:
    token = planned().token(NOW - 1)
    assert planned(next_token=token).start_ms == NOW - 1
    with pytest.raises(InvalidRequestError, match="another request"):
        planned(point_names=["b"], next_token=token)
    with pytest.raises(InvalidRequestError):
        planned(next_token=planned().token(NOW))


@pytest.mark.parametrize("method", ["m4", "mean"])
def test_a_token_belongs_to_the_edges_of_columns_too(method: str) -> None:
    """Of two queries with the same number of columns, one of which has them elsewhere."""
    asked = {"start": NOW - HOUR_MS - 1, "end": NOW - 1, "method": method, "resolution": "raw"}
    two, even = planned(interval_ms=HOUR_MS, **asked), planned(width=2, **asked)
    assert two.shape and even.shape and two.shape.columns.count == even.shape.columns.count == 2
    assert two.span == even.span
    token = two.token(two.span.start_ms + 1)
    assert planned(interval_ms=HOUR_MS, next_token=token, **asked).start_ms == two.span.start_ms + 1
    with pytest.raises(InvalidRequestError, match="another request"):
        planned(width=2, next_token=token, **asked)


@given(
    st.integers(1, 40 * DAY_MS),
    st.sampled_from(["raw", "5m", "1h", "1d"]),
    st.integers(1, 10 * DAY_MS),
    st.sampled_from(["m4", "mean"]),
    st.integers(1, 40),
)
def test_pages_of_columns_meet_at_their_edges(
    length: int, resolution: str, interval: int, method: str, most: int
) -> None:
    interval = max(interval, (length + 2 * DAY_MS) // (plan.MAX_COLUMNS - 2) + 1)
    asked = {"start": NOW - length, "end": NOW, "interval_ms": interval, "method": method}
    found = planned(resolution=resolution, limits=Limits(most, most), **asked)
    assert found.shape
    span, at, ends = found.span, found.span.start_ms, []
    while at < span.end_ms and len(ends) < 50:
        at = found.page_end_ms(at, span.end_ms)
        ends.append(at)
    assert ends == sorted(set(ends)) and ends[-1] <= span.end_ms
    for end in ends[:-1]:
        column = found.shape.columns.start(found.shape.columns.of(np.array([end])))[0]
        assert column % interval == 0
        # No bucket that a page has begins in the next one's first column.
        assert (found.resolution == "raw" and column == end) or 0 <= end - column < plan.BUCKETS[resolution]


def test_the_first_step_expects_one_answer() -> None:
    assert planned(resolution="raw").first_step_ms() == plan.MAX_SAMPLES * 60_000
    assert planned(point_names=["b"], resolution="raw").first_step_ms() == ceil_window(
        plan.MAX_SAMPLES * 100_000
    )
    assert planned(point_names=["a", "b"]).longest_step_ms() == ceil_window(plan.MAX_SAMPLES * 50_000)


@given(samples(st.integers(0, 5), st.integers(0, 6 * WINDOW_MS)), st.integers(1, 70))
def test_a_cut_is_at_a_window_and_keeps_what_fits(found: Samples, limit: int) -> None:
    edge = plan.cut(found.times, limit)
    if edge is None:
        assert len(found) <= limit
        return
    assert edge % WINDOW_MS == 0
    kept = found[found.times < edge]
    first_window = found.times.min() - found.times.min() % WINDOW_MS
    assert len(kept) <= limit or edge == first_window + WINDOW_MS
    assert len(kept)
    more = found[found.times < edge + WINDOW_MS]
    assert len(more) > limit or len(more) == len(kept)


@pytest.mark.parametrize(("most", "resolution"), [(60, "raw"), (59, "1h"), (1, "1h"), (0, "1d")])
def test_a_chart_is_drawn_from_the_finest_that_can_be_read_in_time(
    monkeypatch: pytest.MonkeyPatch, most: int, resolution: str
) -> None:
    monkeypatch.setattr(plan, "_CHART_SAMPLES", most)
    monkeypatch.setattr(plan, "_CHART_ROWS", most)
    assert planned(width=10).resolution == resolution
