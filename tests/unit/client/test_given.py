"""Where the client finds its API, and what it makes of times and names."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from vitals.model.ranges import parse_range
from vitals.model.timespan import EARLIEST_MS
from vitals_client import Client, SetupError, given
from vitals_client.where import api_and_token

BOTH = {"VITALS_API": "https://api.example.com/v1/", "VITALS_TOKEN": "vitals_x"}
NAMES = st.integers(0, 2_000).map(lambda size: [str(number) for number in range(size)])


def stack(folder: Path, api: str = "http://127.0.0.1:4566/v1") -> None:
    folder.mkdir(parents=True)
    (folder / "stack.json").write_text(json.dumps({"api": api, "token": "of-the-stack", "more": 1}))


def test_what_is_given_comes_before_the_environment_and_that_before_the_stack(tmp_path: Path) -> None:
    stack(tmp_path / ".local")
    assert api_and_token("http://a/", "t", BOTH, tmp_path) == ("http://a", "t")
    assert api_and_token(None, None, BOTH, tmp_path) == ("https://api.example.com/v1", "vitals_x")
    assert api_and_token(None, None, {}, tmp_path) == ("http://127.0.0.1:4566/v1", "of-the-stack")


def test_the_stack_is_looked_for_upward_and_the_nearest_is_meant(tmp_path: Path) -> None:
    stack(tmp_path / ".local", "http://far")
    stack(tmp_path / "one" / ".local", "http://near")
    (tmp_path / "one/two/three").mkdir(parents=True)
    assert api_and_token(environ={}, folder=tmp_path / "one/two/three")[0] == "http://near"
    assert api_and_token(environ={}, folder=tmp_path)[0] == "http://far"


@pytest.mark.parametrize("absolute", [True, False])
def test_vitals_home_names_where_a_stack_keeps_its_file(tmp_path: Path, absolute: bool) -> None:
    stack(tmp_path / "elsewhere")
    home = str(tmp_path / "elsewhere") if absolute else "elsewhere"
    assert api_and_token(environ={"VITALS_HOME": home}, folder=tmp_path)[1] == "of-the-stack"


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({}, "no API is known: set VITALS_API"),
        ({"VITALS_API": "http://a"}, "belong together"),
        ({"VITALS_TOKEN": "t"}, "belong together"),
        ({"VITALS_API": "api.example.com", "VITALS_TOKEN": "t"}, "one like https://host/v1"),
        ({"VITALS_API": "https://", "VITALS_TOKEN": "t"}, "one like https://host/v1"),
        ({"VITALS_API": "http://[", "VITALS_TOKEN": "t"}, "one like https://host/v1"),
        ({"VITALS_API": "http://a:99999", "VITALS_TOKEN": "t"}, "one like https://host/v1"),
        ({"VITALS_API": "http://a", "VITALS_TOKEN": "two words"}, "no token has"),
        ({"VITALS_API": "http://a", "VITALS_TOKEN": "line\nend"}, "no token has"),
    ],
)
def test_what_is_missing_or_makes_no_sense_is_named(
    tmp_path: Path, environ: dict[str, str], says: str
) -> None:
    with pytest.raises(SetupError, match=says):
        api_and_token(environ=environ, folder=tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"api": "http://a"}'])
def test_a_file_that_tells_of_no_stack_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local/stack.json").write_text(text)
    with pytest.raises(SetupError, match=r"\.local/stack\.json does not tell of a stack"):
        api_and_token(environ={}, folder=tmp_path)


def test_a_client_takes_both_or_none() -> None:
    with pytest.raises(SetupError, match="belong together"):
        Client("http://a")
    with Client("http://a/", "secret") as client:
        assert client.api == "http://a"
        assert "secret" not in repr(client) + repr(vars(client))


NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "asked"),
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
def test_times_are_what_the_api_takes(time: given.Time, asked: str | int) -> None:
    found = given.time(time)
    assert (found, type(found)) == (asked, type(asked))


ZONES = (
    st.timezones()
    | st.integers(-86_399, 86_399).map(lambda s: timezone(timedelta(seconds=s)))
    | st.just(timezone(timedelta(microseconds=1)))
)
# A day before year 1 and one after 9999, as no zone is further from UTC.
FIRST_MS, LAST_MS = -62_135_683_200_000, 253_402_387_200_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Whose milliseconds, as a number, look like seconds, nanoseconds or the digits of a date.
ODD = [
    datetime.min.replace(tzinfo=UTC),
    datetime.min.replace(tzinfo=timezone(timedelta(hours=23, minutes=59, seconds=59))),
    datetime.max.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=timezone(-timedelta(hours=23, minutes=59, seconds=59))),
    datetime(1970, 1, 19, 12, tzinfo=UTC),
    datetime(2610, 2, 12, 11, 10, tzinfo=UTC),
]


# Of 64 bits, with room for an offset.
NANOSECONDS = 2**63 - 10**14
# Nanoseconds do not go as far.
STAMPS = st.datetimes(timezones=st.integers(-1_439, 1_439).map(lambda m: timezone(timedelta(minutes=m)))).map(
    lambda time: pd.Timestamp(time).as_unit("us")
)


def milliseconds(time: datetime) -> Fraction:
    nanoseconds = time.nanosecond if isinstance(time, pd.Timestamp) else 0
    moment = time.to_pydatetime(warn=False) if isinstance(time, pd.Timestamp) else time
    return Fraction((moment - EPOCH) // timedelta(microseconds=1), 1_000) + Fraction(nanoseconds, 10**6)


@examples(
    st.datetimes(timezones=ZONES)
    | st.sampled_from(ODD)
    | STAMPS
    | st.sampled_from(ODD).map(pd.Timestamp)
    | st.integers(-NANOSECONDS, NANOSECONDS).map(lambda ns: pd.Timestamp(ns, tz="Europe/Berlin"))
)
def test_a_datetime_means_its_exact_instant_to_the_api(time: datetime) -> None:
    exact = milliseconds(time)
    shown = max(EARLIEST_MS, ceil(exact))
    assert type(given.time(time)) in (str, int)
    now_ms = shown + 1
    assert parse_range(given.time(time), LAST_MS, now_ms).start_ms == shown
    assert parse_range(FIRST_MS, given.time(time), now_ms).end_ms == shown


def test_a_time_without_a_zone_is_nobodys() -> None:
    with pytest.raises(ValueError, match="NaT"):
        given.time(pd.NaT)
    with pytest.raises(ValueError, match="has no time zone"):
        given.time(datetime(2026, 11, 22))
    with pytest.raises(TypeError):
        given.time(1.5)  # type: ignore[arg-type]


def test_one_name_is_no_list_of_names() -> None:
    with pytest.raises(TypeError, match="not 'ahu/sat' alone"):
        given.names("ahu/sat")
    assert given.names(pd.Series(["a", "b"])) == ["a", "b"]


@examples(NAMES)
def test_groups_hold_every_name_in_order(names: list[str]) -> None:
    groups = list(given.groups(names))
    assert [name for group in groups for name in group] == names
    assert all(0 < len(group) <= 500 for group in groups)
