"""Where answers may end, and how far one read of them goes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.strategies import samples
from vitals.errors import InvalidRequestError
from vitals.model.aggregates import BUCKETS
from vitals.model.points import Catalog, ListedPoint
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.samples import Samples
from vitals.model.timespan import DAY_MS, HOUR_MS, WINDOW_MS, Span, ceil_window
from vitals.reading.paging import Pages, end_of_rows
from vitals.reading.plan import QueryPlan
from vitals.reading.queries.planning import plan_query
from vitals.reading.request import MAX_COLUMNS, MAX_SAMPLES, Limits, QueryRequest

NOW = 1_767_225_600_000
CATALOG = Catalog().refreshed([ListedPoint("a"), ListedPoint("b", interval_s=900)])


def planned(**changes) -> QueryPlan:
    request = {"site": "s", "point_names": ["a"], "start": NOW - HOUR_MS, "end": NOW} | changes
    return plan_query(QueryRequest(**request), CATALOG, NOW, 365)


def settled(day_ms: int) -> ArchiveRecord:
    record = ArchiveRecord(day_ms, changed_ms=day_ms, began_ms=day_ms + 2 * DAY_MS, status="done", etag="e")
    assert record.settled
    return record


def test_a_token_continues_its_own_query_only() -> None:
    token = Pages(planned()).token(NOW - 1)
    assert planned(next_token=token).start_ms == NOW - 1
    with pytest.raises(InvalidRequestError, match="another request"):
        planned(point_names=["b"], next_token=token)
    with pytest.raises(InvalidRequestError):
        planned(next_token=Pages(planned()).token(NOW))


@pytest.mark.parametrize("method", ["m4", "mean"])
def test_a_token_belongs_to_the_columns_edges(method: str) -> None:
    """Of two queries with the same number of columns, one of which has them elsewhere."""
    chart = {"start": NOW - HOUR_MS - 1, "end": NOW - 1, "method": method, "resolution": "raw"}
    two, even = planned(interval_ms=HOUR_MS, **chart), planned(width=2, **chart)
    assert two.shape and even.shape and two.shape.columns.count == even.shape.columns.count == 2
    assert two.span == even.span
    token = Pages(two).token(two.span.start_ms + 1)
    assert planned(interval_ms=HOUR_MS, next_token=token, **chart).start_ms == two.span.start_ms + 1
    with pytest.raises(InvalidRequestError, match="another request"):
        planned(width=2, next_token=token, **chart)


@given(
    st.integers(1, 40 * DAY_MS),
    st.sampled_from(["raw", "5m", "1h", "1d"]),
    st.integers(1, 10 * DAY_MS),
    st.sampled_from(["m4", "mean"]),
    st.integers(1, 40),
)
def test_pages_of_columns_meet_at_their_edges(
    length: int, resolution: str, interval: int, method: str, limit: int
) -> None:
    interval = max(interval, (length + 2 * DAY_MS) // (MAX_COLUMNS - 2) + 1)
    chart = {"start": NOW - length, "end": NOW, "interval_ms": interval, "method": method}
    plan = planned(resolution=resolution, limits=Limits(limit, limit), **chart)
    assert plan.shape
    pages, span, start_ms, ends = Pages(plan), plan.span, plan.span.start_ms, []
    while start_ms < span.end_ms and len(ends) < 50:
        start_ms = pages.end_ms(start_ms, span.end_ms)
        ends.append(start_ms)
    assert ends == sorted(set(ends)) and ends[-1] <= span.end_ms
    for end in ends[:-1]:
        assert pages.may_end_at(end)
        column = plan.shape.columns.starts(plan.shape.columns.indexes(np.array([end])))[0]
        assert column % interval == 0
        # No bucket that a page has begins in the next one's first column.
        assert (plan.resolution == "raw" and column == end) or 0 <= end - column < BUCKETS[resolution]


def test_one_row_per_column_ends_between_columns_only() -> None:
    pages = Pages(planned(interval_ms=600_000, method="mean"))
    assert [pages.may_end_at(NOW - HOUR_MS + ms) for ms in (600_000, 600_001)] == [True, False]
    assert Pages(planned(interval_ms=600_000, method="m4")).may_end_at(NOW - HOUR_MS + 1)
    assert Pages(planned()).may_end_at(NOW - HOUR_MS + 1)


def test_a_chart_read_ends_with_a_column() -> None:
    pages = Pages(planned(interval_ms=600_000))
    start_ms = NOW - HOUR_MS
    assert pages.column_end_ms(Span(start_ms, start_ms + 1_500_000)) == start_ms + 1_200_000
    # No column ends within, or the range does.
    assert pages.column_end_ms(Span(start_ms, start_ms + 500_000)) == start_ms + 500_000
    assert pages.column_end_ms(Span(start_ms, NOW)) == NOW


def test_days_without_rollups_limit_a_read(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [settled(NOW - number * DAY_MS) for number in (10, 9, 7)]
    raw = planned(start=NOW - 10 * DAY_MS, resolution="raw")
    assert Pages(raw).next_span(raw.span, records) == raw.span
    monkeypatch.setattr(Pages, "longest_step_ms", lambda _: DAY_MS)
    plan = planned(start=NOW - 10 * DAY_MS, resolution="1h")
    position_ms, spans = plan.span.start_ms, []
    while position_ms < plan.span.end_ms:
        spans.append(Pages(plan).next_span(Span(position_ms, plan.span.end_ms), records))
        position_ms = spans[-1].end_ms
    days = [(NOW - span.start_ms) // DAY_MS for span in spans]
    assert days == [10, 5, 3, 1]


def test_the_first_step_expects_one_page() -> None:
    assert Pages(planned(resolution="raw")).first_step_ms() == MAX_SAMPLES * 60_000
    slow = Pages(planned(point_names=["b"], resolution="raw"))
    assert slow.first_step_ms() == ceil_window(MAX_SAMPLES * 100_000)


@given(st.lists(st.sampled_from([None, 1, 5, 10, 30, 60, 300, 900]), min_size=1, max_size=40))
def test_a_long_read_has_few_samples_expected(intervals: list[int | None]) -> None:
    """About a million: at an interval of 10 s, or in 62 day files at most with the points' own intervals."""
    listed = [ListedPoint(f"{number:03d}", interval_s=interval) for number, interval in enumerate(intervals)]
    request = QueryRequest("s", tuple(point.name for point in listed), start=NOW - HOUR_MS, end=NOW)
    step_ms = Pages(plan_query(request, Catalog().refreshed(listed), NOW, 365)).longest_step_ms()
    quick_ms = ceil_window(MAX_SAMPLES * 100_000 // len(listed))
    assert step_ms >= quick_ms
    if step_ms > quick_ms:
        # From any time of day.
        assert (step_ms + DAY_MS - 1) // DAY_MS + 1 <= 62
        expected = sum(step_ms / 1000 / min(interval or 60, 60) for interval in intervals)
        assert expected <= 10 * MAX_SAMPLES + len(listed) * WINDOW_MS


def test_a_month_of_ten_points_is_one_read() -> None:
    listed = [ListedPoint(f"{number:03d}", interval_s=60) for number in range(10)]
    names = tuple(point.name for point in listed)
    request = QueryRequest("s", names, start=NOW - 31 * DAY_MS, end=NOW, width=1000)
    plan = plan_query(request, Catalog().refreshed(listed), NOW, 365)
    assert Pages(plan).first_step_ms() >= plan.span.length_ms


@given(samples(st.integers(0, 5), st.integers(0, 6 * WINDOW_MS)), st.integers(1, 70))
def test_a_page_ends_between_windows(rows: Samples, limit: int) -> None:
    edge = end_of_rows(rows.times, limit)
    if edge is None:
        assert len(rows) <= limit
        return
    assert edge % WINDOW_MS == 0
    fitting = rows[rows.times < edge]
    first_window = rows.times.min() - rows.times.min() % WINDOW_MS
    assert len(fitting) <= limit or edge == first_window + WINDOW_MS
    assert len(fitting)
    longer = rows[rows.times < edge + WINDOW_MS]
    assert len(longer) > limit or len(longer) == len(fitting)


@pytest.mark.parametrize("resolution", ["raw", "15m", "1h", "1d", "1mo"])
def test_a_part_has_at_least_a_bucket(resolution: str) -> None:
    plan = planned(start=NOW - 100 * DAY_MS, resolution=resolution, timezone="America/Chicago")
    part = Pages(plan).part(plan.span, 1)
    assert part == Span(plan.span.start_ms, plan.bucket_end(plan.span.start_ms))
