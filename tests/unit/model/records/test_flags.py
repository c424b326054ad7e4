"""Flagged spans: as row by row, for any flags of points."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.errors import InvalidRequestError
from vitals.model.records.flags import MAX_REASON, Flag, FlaggedSpans, check_reason
from vitals.model.timespan import Span

POINTS = st.sets(st.integers(0, 3), min_size=1).map(tuple)
SPANS = st.tuples(st.integers(0, 30), st.integers(1, 12)).map(lambda pair: Span(pair[0], sum(pair)))
FLAGS = st.lists(st.builds(Flag, st.just("1-0"), POINTS, SPANS, st.just("bad"), st.just("ada"), st.just(0)))
ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(-2, 45), st.integers(1, 9))).map(sorted)


def instants(flags: list[Flag], point: int) -> set[int]:
    """Every instant that is flagged for a point."""
    return {
        time for flag in flags if point in flag.points for time in range(flag.span.start_ms, flag.span.end_ms)
    }


@given(FLAGS)
def test_spans_are_in_order_and_apart(flags: list[Flag]) -> None:
    spans = FlaggedSpans.of(7, flags)
    assert spans.revision == 7
    for point in range(5):
        parts = spans.by_point.get(point, ())
        assert [time for part in parts for time in range(part.start_ms, part.end_ms)] == sorted(
            instants(flags, point)
        )
        assert all(before.end_ms < after.start_ms for before, after in itertools.pairwise(parts))


@given(FLAGS, ROWS)
def test_ranges_are_judged_as_row_by_row(flags: list[Flag], rows: list[tuple[int, int, int]]) -> None:
    spans = FlaggedSpans.of(1, flags)
    ids, starts, lengths = np.array(rows, np.int64).reshape(-1, 3).T
    ids, ends = ids.astype(np.int32), starts + lengths
    ranges = [(instants(flags, point), set(range(start, start + length))) for point, start, length in rows]
    assert spans.overlap(ids, starts, ends).tolist() == [bool(bad & times) for bad, times in ranges]
    assert spans.cover(ids, starts, ends).tolist() == [times <= bad for bad, times in ranges]
    assert spans.contain(ids, starts).tolist() == [min(times) in bad for bad, times in ranges]


@given(FLAGS, SPANS, st.integers(0, 4))
def test_parts_of_a_span_are_its_instants(flags: list[Flag], span: Span, point: int) -> None:
    parts = FlaggedSpans.of(1, flags).within(point, span)
    assert all(parts)
    times = [time for part in parts for time in range(part.start_ms, part.end_ms)]
    assert times == sorted(instants(flags, point) & set(range(span.start_ms, span.end_ms)))


@given(FLAGS, st.integers(-2, 45), st.integers(0, 4))
def test_before_is_the_start_of_the_run(flags: list[Flag], time: int, point: int) -> None:
    flagged, expected = instants(flags, point), time
    if time in flagged:
        while expected - 1 in flagged:
            expected -= 1
    assert FlaggedSpans.of(1, flags).before(point, time) == expected


def test_a_digest_is_that_of_the_flags() -> None:
    flags = [Flag(id, (0,), Span(0, 5), "bad", "ada", 0) for id in ("1-0", "2-0")]
    digests = {FlaggedSpans.of(7, chosen).digest for chosen in ([], flags[:1], flags[1:], flags)}
    assert len(digests) == 4
    assert FlaggedSpans.of(8, reversed(flags)).digest == FlaggedSpans.of(7, flags).digest


def test_no_flags_change_nothing() -> None:
    spans, ids = FlaggedSpans(), np.array([0, 1], np.int32)
    times = np.array([5, 6])
    assert not spans.contain(ids, times).any()
    assert not spans.cover(ids, times, times + 1).any()
    assert spans.within(0, Span(0, 9)) == []


def test_a_reason_is_short_printable_text() -> None:
    assert check_reason("  fell off  ") == "fell off"
    assert check_reason("x" * MAX_REASON) == "x" * MAX_REASON
    for text in ("", "  ", "a\nb", "x" * (MAX_REASON + 1)):
        with pytest.raises(InvalidRequestError, match="reason must have 1 to 200 printable characters"):
            check_reason(text)
