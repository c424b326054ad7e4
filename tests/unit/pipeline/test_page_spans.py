"""The spans that fit a page each."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.weather import weather_points
from vitals.ace.page_size import ACCEPTED, LARGEST, LIVE
from vitals.model.points import Catalog, ListedPoint, Point
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, WINDOW_MS, Span
from vitals.pipeline.page_spans import (
    density_after,
    density_of,
    next_page,
    pages_at_once,
    requests,
)

HOUR, DAY = Span(0, HOUR_MS), Span(0, DAY_MS)


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
    spans = pages_at_once(span, catalog(points, interval_s), 500).spans
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
    spans = pages_at_once(Span(0, minutes * MINUTE_MS), catalog(points, interval_s), LARGEST).spans
    assert len(spans) == pages


def test_points_without_readings_do_not_count() -> None:
    assert pages_at_once(HOUR, catalog(4_583, active=False), LIVE).spans == [HOUR]
    assert pages_at_once(HOUR, catalog(0, 1), 3).spans == [HOUR]
    assert requests(DAY, density_of(catalog(4_583, active=False))) == 1


def test_pages_of_long_names_are_read_singly() -> None:
    assert pages_at_once(HOUR, catalog(4_583, name="n" * 200), LIVE).span == HOUR


# Long spans, one page after another.


@given(
    st.integers(0, 300),
    st.integers(1, 288),
    st.integers(1, 5_000),
    st.sampled_from(ACCEPTED),
    st.lists(st.integers(0, 2_000_000), min_size=1, max_size=400),
)
def test_long_spans_cover_the_whole_exactly_once(
    first: int, windows: int, points: int, largest: int, fetched: list[int]
) -> None:
    """Whatever the pages turn out to have."""
    remaining = Span(first * WINDOW_MS, (first + windows) * WINDOW_MS)
    density, before, longest_ms = density_of(catalog(points)), remaining.start_ms, DAY_MS
    for number in range(windows + 1):
        if not remaining:
            break
        plan = next_page(remaining, density, largest)
        assert plan.span.start_ms == before
        assert 0 < plan.span.length_ms <= max(longest_ms, WINDOW_MS)
        assert plan.span.end_ms % WINDOW_MS == 0
        assert plan.size <= largest
        before, longest_ms = plan.span.end_ms, 4 * plan.span.length_ms
        density = density_after(density, plan.span, fetched[number % len(fetched)])
        remaining = Span(before, remaining.end_ms)
    assert not remaining


@given(st.integers(1, 8_000), st.integers(1, 3_600), st.sampled_from([s for s in ACCEPTED if s >= 10_000]))
def test_readings_of_long_spans_fit_a_page(points: int, interval_s: int, largest: int) -> None:
    density = density_of(catalog(points, interval_s))
    plan = next_page(DAY, density, largest)
    readings = points / interval_s * plan.span.length_ms / 1000
    assert readings <= plan.size or plan.span.length_ms == WINDOW_MS


@pytest.mark.parametrize(("points", "number"), [(225, 1), (1_000, 3), (4_583, 14), (0, 1)])
def test_a_day_takes_few_requests(points: int, number: int) -> None:
    assert requests(DAY, density_of(catalog(points))) == number


@pytest.mark.parametrize(("length", "size"), [(46, LARGEST), (120, 300_000), (500, LIVE)])
def test_pages_of_long_names_are_smaller(length: int, size: int) -> None:
    density = density_of(catalog(100, name="n" * length))
    assert next_page(DAY, density, LARGEST).size == size


def test_a_denser_page_makes_the_next_span_shorter() -> None:
    density = density_of(catalog(4_583))
    first = next_page(DAY, density, LARGEST)
    denser = density_after(density, first.span, 900_000)
    second = next_page(Span(first.span.end_ms, DAY_MS), denser, LARGEST)
    assert second.span.length_ms < 0.6 * first.span.length_ms
