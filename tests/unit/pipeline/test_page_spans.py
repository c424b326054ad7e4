"""The spans that fit a page each."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.weather import weather_points
from vitals.ace.limits import PAGE_SIZE
from vitals.model.points import Catalog, ListedPoint, Point
from vitals.model.timespan import HOUR_MS, MINUTE_MS, WINDOW_MS, Span
from vitals.pipeline.page_spans import page_spans

HOUR = Span(0, HOUR_MS)


def catalog(points: int, interval_s: int | None = 60, *, name: str = "p", active: bool = True) -> Catalog:
    listed = [*(ListedPoint(f"{name}{i}", interval_s=interval_s) for i in range(points)), *weather_points()]
    return Catalog(tuple(Point(i, point, active=active) for i, point in enumerate(listed)))


@given(
    st.integers(0, 10**13),
    st.integers(1, 2 * HOUR_MS),
    st.integers(1, 100),
    st.none() | st.integers(1, 9_000),
)
def test_spans_together_are_the_whole(
    start_ms: int, length_ms: int, points: int, interval_s: int | None
) -> None:
    span = Span(start_ms, start_ms + length_ms)
    spans = page_spans(span, catalog(points, interval_s), 500)
    assert (spans[0].start_ms, spans[-1].end_ms) == (span.start_ms, span.end_ms)
    assert all(before.end_ms == after.start_ms for before, after in pairwise(spans))
    assert all(part for part in spans)
    assert all(part.end_ms % WINDOW_MS == 0 for part in spans[:-1])


@pytest.mark.parametrize(
    ("minutes", "points", "interval_s", "pages"),
    [
        (20, 4_583, 60, 1),
        (60, 4_583, 60, 3),
        (60, 640, 60, 1),
        (60, 4_583, 300, 1),
        (60, 4_583, None, 1),
        (60, 0, 60, 1),
    ],
)
def test_pages_are_counted_by_interval(minutes: int, points: int, interval_s: int | None, pages: int) -> None:
    spans = page_spans(Span(0, minutes * MINUTE_MS), catalog(points, interval_s), PAGE_SIZE)
    assert len(spans) == pages


def test_points_without_readings_do_not_count() -> None:
    assert page_spans(HOUR, catalog(4_583, active=False), PAGE_SIZE) == [HOUR]
    assert page_spans(HOUR, catalog(0, 1), 1) == [HOUR]


def test_pages_of_long_names_are_read_singly() -> None:
    assert page_spans(HOUR, catalog(4_583, name="n" * 200), PAGE_SIZE) == [HOUR]
