"""The ranges of hisRead."""

import pytest

from query.haystack.history import parse_range
from vitals.errors import InvalidRequestError
from vitals.model.measures.local_time import _offsets_of_year
from vitals.model.timespan import Span, parse_iso

# 23:30 of the day before in Chicago.
NOW_MS = parse_iso("2025-11-04T05:30Z")
CHICAGO = "America/Chicago"
BOTH_HALF_PAST_ONE = "2025-11-02T01:30:00-05:00 Chicago,2025-11-02T01:30:00-06:00 Chicago"


@pytest.mark.parametrize(
    ("text", "zone", "start", "end"),
    [
        ("today", CHICAGO, "2025-11-03T06:00Z", "2025-11-04T06:00Z"),
        ("today", "UTC", "2025-11-04T00:00Z", "2025-11-05T00:00Z"),
        ("yesterday", CHICAGO, "2025-11-02T05:00Z", "2025-11-03T06:00Z"),
        ("2025-03-09", CHICAGO, "2025-03-09T06:00Z", "2025-03-10T05:00Z"),
        ("2025-03-09,2025-03-10", CHICAGO, "2025-03-09T06:00Z", "2025-03-11T05:00Z"),
        (" 2025-03-09 , 2025-03-09 ", "Asia/Kolkata", "2025-03-08T18:30Z", "2025-03-09T18:30Z"),
        (BOTH_HALF_PAST_ONE, CHICAGO, "2025-11-02T06:30Z", "2025-11-02T07:30Z"),
        ("2025-11-02T00:00:00Z UTC,2025-11-02T12:00:00Z", CHICAGO, "2025-11-02T00:00Z", "2025-11-02T12:00Z"),
        ("2025-11-01T00:00:00,2025-11-01T12:00:00", CHICAGO, "2025-11-01T05:00Z", "2025-11-01T17:00Z"),
        ("2025-11-04T05:00:00.0005Z", CHICAGO, "2025-11-04T05:00:00.001Z", "2025-11-04T05:35:00.001Z"),
        # Apia had no such day.
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00Z", "2011-12-30T10:00Z"),
    ],
)
def test_dates_are_local_days(text: str, zone: str, start: str, end: str) -> None:
    assert parse_range(text, zone, NOW_MS) == Span(parse_iso(start), parse_iso(end))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "range must be today, yesterday, a date"),
        ("tomorrow", "range must be today, yesterday, a date"),
        ("2025-13-01", "month must be in 1..12"),
        ("0001-01-05", "range must be today"),
        ("2025-11-01,9999-12-31", "range must be today"),
        ("2025-11-02T01:30:00", "happens twice in America/Chicago"),
        ("today,yesterday", "range must be today"),
        ("2025-11-01,2025-11-02,2025-11-03", "range must be today"),
    ],
)
def test_other_ranges_are_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        parse_range(text, CHICAGO, NOW_MS)
    assert message in str(refused.value)


def test_a_range_of_millennia_is_quickly_a_span() -> None:
    _offsets_of_year.cache_clear()
    span = parse_range("0005-01-01,9990-01-01", CHICAGO, NOW_MS)
    assert span.start_ms < 0 < span.end_ms
    assert _offsets_of_year.cache_info().currsize < 200
