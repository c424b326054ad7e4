"""Operating hours, compared with a clock that goes minute by minute."""

import itertools
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitals.errors import InvalidRequestError
from vitals.model.measures.hours import OperatingHours
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span, day_start

# Days around a change of the clock.
ZONES = {
    "America/Chicago": "2026-10-31",
    "Europe/London": "2026-03-28",
    "Asia/Kolkata": "2026-02-13",
    "Australia/Lord_Howe": "2026-04-03",
    "Africa/Cairo": "2026-04-22",
}
TIMES = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
DAYS = st.sampled_from([None, "mon-fri", "sat,sun", "fri-mon", "wed", "SUN"])
HOLIDAYS = ("2026-11-02", "2026-03-30")
# By Python's weekday.
OPEN = {"mon-fri": range(5), "sat,sun": (5, 6), "fri-mon": (4, 5, 6, 0), "wed": (2,), "SUN": (6,)}


def is_open(time_ms: int, zone: str, first: str, last: str, days: str | None) -> bool:
    """Returns whether a minute is within the hours, by Python's own local time."""
    local = datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(ZoneInfo(zone))
    clock, ordinal = f"{local:%H:%M}", local.toordinal()
    if first < last:
        is_inside = first <= clock < last
    else:
        is_inside = clock >= first or clock < last
        ordinal -= clock < last and clock < first
    day = datetime.fromordinal(ordinal)
    is_working = days is None or (day.weekday() in OPEN[days] and f"{day:%Y-%m-%d}" not in HOLIDAYS)
    return is_inside and is_working


@settings(max_examples=60)
@given(st.sampled_from(sorted(ZONES)), TIMES, TIMES, DAYS)
def test_minutes_are_those_of_the_clock(zone: str, first: str, last: str, days: str | None) -> None:
    if first == last:
        return
    hours = OperatingHours.parse(f"{first}-{last}", days, HOLIDAYS, zone)
    assert hours
    start_ms = day_start(ZONES[zone])
    minutes = np.arange(start_ms, start_ms + 5 * DAY_MS, MINUTE_MS)
    expected = np.array([is_open(minute, zone, first, last, days) for minute in minutes.tolist()])
    read = hours.contain(minutes)
    # A clock that is set back shows a time twice, but hours begin and end once.
    repeated = [_is_repeated(minute, zone) for minute in minutes.tolist()]
    np.testing.assert_array_equal(read[~np.array(repeated)], expected[~np.array(repeated)])
    span = Span(start_ms, start_ms + 5 * DAY_MS)
    assert sum(part.length_ms for part in hours.parts(span)) == read.sum() * MINUTE_MS
    edges = np.arange(span.start_ms, span.end_ms + 1, 7 * HOUR_MS)
    counts = [read[(minutes >= low) & (minutes < high)].sum() for low, high in itertools.pairwise(edges)]
    np.testing.assert_array_equal(hours.length_ms(edges[:-1], edges[1:]), np.array(counts) * MINUTE_MS)


def _is_repeated(time_ms: int, zone: str) -> bool:
    local = datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(ZoneInfo(zone))
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


@pytest.mark.parametrize("text", ["6-18", "06:00", "06:00-25:00", "06:00-18:60", "24:00-06:00", ""])
def test_malformed_hours_are_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="hours must be like 06:00-18:00"):
        OperatingHours.parse(text, None, (), "UTC")


@pytest.mark.parametrize("text", ["", "monday", "mon-", "mon,,tue", "mon-fri-sun"])
def test_malformed_days_are_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match="days must be like mon-fri"):
        OperatingHours.parse(None, text, (), "UTC")


def test_a_request_without_hours_has_none() -> None:
    assert OperatingHours.parse(None, None, HOLIDAYS, "UTC") is None


@pytest.mark.parametrize(
    ("hours", "day", "length_h"),
    [
        ("00:30-01:30", "2026-11-01", 1),
        ("01:30-05:00", "2026-11-01", 4.5),
        ("00:30-05:00", "2026-11-01", 5.5),
        ("02:15-02:45", "2026-03-08", 0),
        ("02:15-05:00", "2026-03-08", 2),
    ],
)
def test_hours_begin_and_end_at_first_instants(hours: str, day: str, length_h: float) -> None:
    open_hours = OperatingHours.parse(hours, None, (), "America/Chicago")
    assert open_hours
    parts = open_hours.parts(Span(day_start(day) + 5 * HOUR_MS, day_start(day) + 20 * HOUR_MS))
    assert sum(part.length_ms for part in parts) == length_h * HOUR_MS
