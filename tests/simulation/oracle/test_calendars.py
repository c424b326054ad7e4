"""Buckets of local time are those that clocks show."""

from datetime import datetime

import pytest

from tests.simulation.oracle.calendars import buckets
from vitals.model.timespan import HOUR_MS, Span


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("zone", "date", "hours"),
    [
        ("Europe/London", "2026-10-25T12:00Z", 25),
        ("Europe/London", "2026-03-29T12:00Z", 23),
        ("Australia/Lord_Howe", "2026-04-05T00:00Z", 24.5),
        ("Africa/Cairo", "2026-10-29T12:00Z", 25),
        ("Asia/Kathmandu", "2026-10-25T12:00Z", 24),
    ],
)
def test_days_have_the_hours_of_clocks(zone: str, date: str, hours: float) -> None:
    time_ms = instant(date)
    (day,) = buckets(zone, "1d", Span(time_ms, time_ms + 1))
    assert day.length_ms == hours * HOUR_MS


def test_repeated_hours_are_two_buckets() -> None:
    span = Span(instant("2026-10-25T00:30+01:00"), instant("2026-10-25T01:30Z"))
    starts = [bucket.start_ms for bucket in buckets("Europe/London", "1h", span)]
    assert starts == [instant(f"2026-10-25T{text}") for text in ("00:00+01:00", "01:00+01:00", "01:00Z")]


def test_two_hours_contain_the_repeated_one() -> None:
    time_ms = instant("2026-10-25T01:30Z")
    (bucket,) = buckets("Europe/London", "2h", Span(time_ms, time_ms + 1))
    assert bucket == Span(instant("2026-10-25T00:00+01:00"), instant("2026-10-25T02:00Z"))


def test_weeks_begin_on_monday() -> None:
    time_ms = instant("2026-10-25T23:59Z")
    (week,) = buckets("Asia/Kathmandu", "1w", Span(time_ms, time_ms + 1))
    assert week.start_ms == instant("2026-10-26T00:00+05:45")
