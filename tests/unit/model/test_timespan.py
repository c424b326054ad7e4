from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.model.timespan import HOUR_MS, WINDOW_MS, Span, day_start, iso, parse_instant, parse_iso

moments = st.integers(-62_135_596_800_000, 253_402_300_799_999)


@given(moments)
def test_iso_and_back(time_ms: int) -> None:
    assert parse_iso(iso(time_ms)) == time_ms


@given(st.datetimes(datetime(1900, 1, 2), datetime(2200, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_offsets_and_microseconds_floor_to_the_millisecond(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    exact = moment - datetime(1970, 1, 1, tzinfo=UTC)
    assert parse_iso(moment.isoformat()) == exact // timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01", 0),
        ("1970-01-01T00:00", 0),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("1969-12-31T24:00:00Z", 0),
        ("1969-12-31 24:00", 0),
        ("1969-12-31T24:00:00,000+00:00", 0),
        ("1970-01-01t00:00:00.5z", 500),
    ],
)
def test_times_at_the_edge(text: str, expected: int) -> None:
    assert parse_iso(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00.0000000000000000000000001Z", Fraction(1, 10**22)),
        ("1970-01-01T00:00:00.1Z", Fraction(100)),
        ("1969-12-31T23:59:59.9999Z", Fraction(-1, 10)),
        ("0001-01-01T00:00:00+14:00", Fraction(-62_135_596_800_000 - 14 * HOUR_MS)),
        ("9999-12-31T24:00:00-1200", Fraction(253_402_300_800_000 + 12 * HOUR_MS)),
    ],
)
def test_an_instant_is_exact_in_any_year(text: str, expected: Fraction) -> None:
    assert parse_instant(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "now",
            "2026-13-01",
            "2026-02-30",
            "12",
            "2026-W01-1",
            "٢٠٢٦-01-01",
            "0000-01-01",
            "2026-01-01Z",
        ),
        *("2026-01-01T24:00:01Z", "2026-01-01T24:01:00Z", "2026-01-01T24:00:00.000000001Z"),
        *("2026-01-01T25:00:00Z", "2026-01-01T23:60:00Z", "2026-01-01T23:59:60Z", "2026-01-01T12:00:00."),
        *("2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+05:60", "2026-01-01T00:00:00 05:00"),
        "9999-12-31T24:00:00Z",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_iso(text)


@pytest.mark.parametrize("text", ["2026-01-01", "2026-01-01T24:00:00", "2026-01-01T00:00"])
def test_a_time_without_a_required_offset_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_instant(text, zoned=True)


@pytest.mark.parametrize("text", ["2026-1-1", "2026-01-01T00:00", "../x", "2026-02-30"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        day_start(text)


@given(moments, st.integers(0, 50 * HOUR_MS), st.integers(1, 3 * HOUR_MS))
def test_pieces_are_the_span_without_gap_or_overlap(start: int, length: int, piece: int) -> None:
    span = Span(start, start + min(length, 200 * piece))
    pieces = list(span.pieces(piece))
    edges = [section.start_ms for section in pieces] + [span.end_ms]
    assert edges[0] == span.start_ms
    assert [section.end_ms for section in pieces] == edges[1:]
    assert all(0 < section.length_ms <= piece for section in pieces)


@given(moments, st.integers(1, HOUR_MS))
def test_aligned_is_the_smallest_span_of_windows(start: int, length: int) -> None:
    span, aligned = Span(start, start + length), Span(start, start + length).whole_windows()
    assert aligned.start_ms % WINDOW_MS == aligned.end_ms % WINDOW_MS == 0
    assert aligned.start_ms <= span.start_ms < aligned.start_ms + WINDOW_MS
    assert aligned.end_ms - WINDOW_MS < span.end_ms <= aligned.end_ms
