"""Spans of a day: whatever is staged, they cover the day exactly once."""

from hypothesis import given
from hypothesis import strategies as st

from backfill.plan_day import next_span, usable_spans
from vitals.ace.page_size import LARGEST
from vitals.model.points import Catalog, ListedPoint, Point
from vitals.model.timespan import DAY_MS, WINDOW_MS, WINDOWS_PER_DAY, Span
from vitals.store.tiers.staging import StagedSpan, points_text

DAY_START = 1_767_225_600_000
DAY = Span(DAY_START, DAY_START + DAY_MS)
CATALOG = Catalog(tuple(Point(i, ListedPoint(f"p{i}", interval_s=60)) for i in range(2_000)))
BEFORE = Catalog(CATALOG.points[:-1])


@st.composite
def receipts(draw: st.DrawFn) -> StagedSpan:
    first = draw(st.integers(0, WINDOWS_PER_DAY - 1))
    last = draw(st.integers(first + 1, WINDOWS_PER_DAY))
    read_for = draw(st.sampled_from([points_text(CATALOG.configured), points_text(BEFORE.configured), ""]))
    return StagedSpan(
        start_ms=DAY_START + first * WINDOW_MS,
        end_ms=DAY_START + last * WINDOW_MS,
        fetched_ms=0,
        parts=0,
        windows=[draw(st.integers(0, 50_000))] * (last - first),
        requests=1,
        configured=read_for,
    )


@given(st.lists(receipts(), max_size=8), st.integers(0, WINDOWS_PER_DAY), st.data())
def test_spans_cover_the_day_exactly_once(staged: list[StagedSpan], closed: int, data: st.DataObject) -> None:
    present = Span(DAY_START, DAY_START + closed * WINDOW_MS)
    spans = usable_spans(sorted(staged, key=lambda receipt: receipt.span), present, CATALOG)
    while plan := next_span(spans, present, CATALOG, LARGEST):
        samples = data.draw(st.integers(0, 100_000))
        windows = [samples] * (plan.span.length_ms // WINDOW_MS)
        read = StagedSpan(plan.span.start_ms, plan.span.end_ms, 0, 0, windows, 1)
        spans = sorted([*spans, read], key=lambda receipt: receipt.span)
    covered = [time_ms for read in spans for time_ms in range(read.start_ms, read.end_ms, WINDOW_MS)]
    assert covered == list(range(present.start_ms, present.end_ms, WINDOW_MS))


@given(st.lists(receipts(), max_size=8))
def test_spans_of_fewer_points_are_read_again(staged: list[StagedSpan]) -> None:
    usable = usable_spans(sorted(staged, key=lambda receipt: receipt.span), DAY, CATALOG)
    assert all(receipt.points == CATALOG.configured for receipt in usable)
    assert usable_spans(usable, DAY, BEFORE) == usable
