"""Times and names become parameters of the API."""

from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from math import ceil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.model.ranges import parse_range
from vitals.model.timespan import EARLIEST_MS
from vitals_client import arguments

NAMES = st.integers(0, 2_000).map(lambda size: [str(number) for number in range(size)])
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "parameter"),
    [
        (NOON, "2026-11-22T12:00:00+00:00"),
        (NOON.astimezone(timezone(timedelta(hours=-5))), "2026-11-22T12:00:00+00:00"),
        (NOON + timedelta(microseconds=1), "2026-11-22T12:00:00.000001+00:00"),
        (pd.Timestamp(NOON), "2026-11-22T12:00:00+00:00"),
        (pd.Timestamp(NOON) + pd.Timedelta(1, "ns"), "2026-11-22T12:00:00.000000001+00:00"),
        # Its milliseconds have the digits of a date.
        (datetime(2610, 2, 12, 11, 10, tzinfo=UTC), "2610-02-12T11:10:00+00:00"),
        (date(2026, 11, 22), "2026-11-22"),
        ("2026-11-22T12:00:00+01:00", "2026-11-22T12:00:00+01:00"),
        (1_795_348_800_000, 1_795_348_800_000),
        (np.int64(5), 5),
    ],
)
def test_times_become_parameters(time: arguments.Time, parameter: str | int) -> None:
    converted = arguments.time(time)
    assert (converted, type(converted)) == (parameter, type(parameter))


ZONES = (
    st.timezones()
    | st.integers(-86_399, 86_399).map(lambda s: timezone(timedelta(seconds=s)))
    | st.just(timezone(timedelta(microseconds=1)))
)
# One day before year 1 and one after year 9999; no time zone is further from UTC.
FIRST_MS, LAST_MS = -62_135_683_200_000, 253_402_387_200_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# As numbers, their milliseconds look like seconds, nanoseconds or the digits of a date.
EDGE_CASES = [
    datetime.min.replace(tzinfo=UTC),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=23, minutes=59, seconds=59))),
    datetime.max.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=timezone(-timedelta(hours=23, minutes=59, seconds=59))),
    datetime(1970, 1, 19, 12, tzinfo=UTC),
    datetime(2610, 2, 12, 11, 10, tzinfo=UTC),
]


# The range of 64 bits, less an offset.
NANOSECONDS = 2**63 - 10**14
# Microseconds, because nanoseconds do not cover these years.
STAMPS = st.datetimes(timezones=st.integers(-1_439, 1_439).map(lambda m: timezone(timedelta(minutes=m)))).map(
    lambda time: pd.Timestamp(time).as_unit("us")
)


def milliseconds(time: datetime) -> Fraction:
    nanoseconds = time.nanosecond if isinstance(time, pd.Timestamp) else 0
    moment = time.to_pydatetime(warn=False) if isinstance(time, pd.Timestamp) else time
    return Fraction((moment - EPOCH) // timedelta(microseconds=1), 1_000) + Fraction(nanoseconds, 10**6)


@given(
    st.datetimes(timezones=ZONES)
    | st.sampled_from(EDGE_CASES)
    | STAMPS
    | st.sampled_from(EDGE_CASES).map(pd.Timestamp)
    | st.integers(-NANOSECONDS, NANOSECONDS).map(lambda ns: pd.Timestamp(ns, tz="Europe/Berlin"))
)
def test_a_datetime_keeps_its_exact_instant(time: datetime) -> None:
    exact = milliseconds(time)
    expected_ms = max(EARLIEST_MS, ceil(exact))
    assert type(arguments.time(time)) in (str, int)
    now_ms = expected_ms + 1
    assert parse_range(arguments.time(time), LAST_MS, now_ms).start_ms == expected_ms
    assert parse_range(FIRST_MS, arguments.time(time), now_ms).end_ms == expected_ms


def test_a_time_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="NaT"):
        arguments.time(pd.NaT)
    with pytest.raises(ValueError, match="has no time zone"):
        arguments.time(datetime(2026, 11, 22))
    with pytest.raises(TypeError):
        arguments.time(1.5)  # type: ignore[arg-type]


def test_a_single_name_is_refused() -> None:
    with pytest.raises(TypeError, match="not one name: 'ahu/sat'"):
        arguments.names("ahu/sat")
    assert arguments.names(pd.Series(["a", "b"])) == ["a", "b"]


@given(NAMES)
def test_groups_have_every_name_in_order(names: list[str]) -> None:
    groups = list(arguments.groups(names))
    assert [name for group in groups for name in group] == names
    assert all(0 < len(group) <= 500 for group in groups)
