import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.codec.lenient_json import MalformedEntry
from vitals.model.point_settings import NO_SETTINGS
from vitals.model.samples import from_columns
from vitals.model.timespan import EARLIEST_MS, FUTURE_TOLERANCE_MS, iso
from vitals.pipeline import acceptance
from vitals.pipeline.acceptance import Accepted, Intake, accept, parse_time, parse_value

NOW = 1_767_225_600_000
IDS = {"p": 3, "q": 64, "meter 1": 2**31 - 1}
STATES = {64: {"occupied": 2.0, "on": 7.0}}

names = st.sampled_from([*IDS, *IDS, "elsewhere", "x" * 600, None, 5])
numbers = st.floats() | st.integers() | st.booleans() | st.sampled_from([0, 0.0, -0.0, False, 10**400])
texts = numbers.map(lambda number: str(number) if number != 10**400 else "1e400")
words = st.sampled_from(
    ["on", "Off", " ACTIVE ", "occupied", "heat_2", "1_000", "١٢", "über", "", "n/a", "x" * 65]
)
moments = st.integers(NOW - 1_200_000, NOW + 2 * FUTURE_TOLERANCE_MS).map(iso)
far = st.integers(EARLIEST_MS - 2, EARLIEST_MS + 1).map(iso)
odd_times = st.sampled_from(
    [
        "2026-01-01T02:00:00.123999+02:00",
        "2025-12-31t24:00:00z",
        "2025-12-31T23:59:60Z",
        "2026-01-01T00:00:00",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00",
        "yesterday",
        1_767_225_600_000,
        None,
    ]
)
readings = st.fixed_dictionaries(
    {"name": names, "value": numbers | texts | words | st.none(), "time": moments | far | odd_times}
)
entries = st.sampled_from(
    [
        MalformedEntry("p", "2026-01-01T00:00:00Z"),
        MalformedEntry(),
        "not a reading",
        None,
        {"name": "p", "value": 1},
        {"name": ["p"], "value": 1, "time": "2026-01-01T00:00:00Z"},
        {"name": "p", "value": [1], "time": "2026-01-01T00:00:00Z"},
        {"name": "p", "value": "x", "time": ["2026-01-01T00:00:00Z"]},
    ]
)


def one_by_one(page: list[Any], states: Mapping[int, Mapping[str, float]]) -> Accepted:
    intake = Intake(IDS, NOW + FUTURE_TOLERANCE_MS, states)
    rows = [sample for sample in map(intake.sample, page) if sample]
    samples = from_columns(*zip(*rows, strict=True)) if rows else from_columns([], [], [])
    return Accepted(samples, intake.rejected, intake.rejected_hours())


@given(
    st.lists(readings, max_size=30) | st.lists(readings | entries, max_size=30),
    st.sampled_from([{}, STATES]),
)
def test_a_page_is_its_readings_in_order(page: list[Any], states: Mapping[int, Mapping[str, float]]) -> None:
    accepted, expected = accept(page, IDS, NOW, states), one_by_one(page, states)
    assert accepted.samples.equals(expected.samples)
    assert accepted.rejected == expected.rejected
    assert accepted.rejected_hours == expected.rejected_hours


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("45.5", 45.5),
        (" 45.5 ", 45.5),
        ("-0.0", -0.0),
        ("1e-320", 1e-320),
        (7, 7.0),
        (7.25, 7.25),
        (True, 1.0),
        (False, 0.0),
        ("true", 1.0),
        ("FALSE", 0.0),
        ("Active", 1.0),
        ("inactive", 0.0),
        ("ON", 1.0),
        ("off", 0.0),
    ],
)
def test_numbers_and_two_state_texts_are_kept(value: Any, expected: float) -> None:
    accepted_value = parse_value(value)
    assert (accepted_value, math.copysign(1, accepted_value)) == (expected, math.copysign(1, expected))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_written_out_survives_to_the_bit(value: float) -> None:
    for served in (value, repr(value)):
        accepted_value = parse_value(served)
        assert (accepted_value, math.copysign(1, accepted_value)) == (value, math.copysign(1, value))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, acceptance.NULL),
        ("", acceptance.NULL),
        ("  ", acceptance.NULL),
        ("NaN", acceptance.NOT_A_NUMBER),
        ("Infinity", acceptance.NOT_A_NUMBER),
        ("-inf", acceptance.NOT_A_NUMBER),
        ("1e999", acceptance.NOT_A_NUMBER),
        *((text, acceptance.NULL) for text in ("null", " None ", "N/A", "na", "NIL", "undefined")),
        *(
            (text, acceptance.STATE)
            for text in ("fault", " Occupied ", "auto", "Heat 2", "über-hitze", "x" * 64)
        ),
        *((text, acceptance.NOT_A_NUMBER) for text in ("12 kW", "1,5", "[1]", "--", "a\nb", "x" * 65)),
        ("1_000", acceptance.NOT_A_NUMBER),
        ("١٢", acceptance.NOT_A_NUMBER),
        (10**400, acceptance.NOT_A_NUMBER),
        ([1], acceptance.NOT_A_NUMBER),
        ({}, acceptance.NOT_A_NUMBER),
    ],
)
def test_other_values_are_counted_by_reason(value: Any, reason: str) -> None:
    samples, rejected, _ = accept(
        [{"name": "p", "value": value, "time": "2026-01-01T00:00:00Z"}], {"p": 3}, NOW
    )
    assert len(samples) == 0
    assert rejected == {reason: 1}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Occupied", 2.0),
        (" OCCUPIED ", 2.0),
        ("off", 7.0),
        ("N/A", -1.0),
        ("12 kw", 12_000.0),
        ("on", 1.0),
        ("45.5", 45.5),
        (True, 1.0),
    ],
)
def test_states_of_a_point_come_first(value: Any, expected: float) -> None:
    states = NO_SETTINGS.changed({"states": {"occupied": 2, "Off": 7, "n/a": -1, "12 kW": 12_000}}).numbers
    readings = [{"name": name, "value": value, "time": "2026-01-01T00:00:00Z"} for name in "pq"]
    samples, rejected, hours = accept(readings, {"p": 3, "q": 4}, NOW, {3: states})
    assert samples[samples.ids == 3].values.tolist() == [expected]
    assert rejected.total() == len(hours) == 2 - len(samples)


def test_other_words_of_such_a_point_are_states() -> None:
    reading = {"name": "p", "value": "standby", "time": "2026-01-01T00:00:00Z"}
    assert accept([reading], {"p": 3}, NOW, {3: {"occupied": 2.0}}).rejected == {acceptance.STATE: 1}


@given(st.text(max_size=70))
def test_any_text_is_a_value_or_counted(text: str) -> None:
    accepted = accept([{"name": "p", "value": text, "time": "2026-01-01T00:00:00Z"}], {"p": 3}, NOW)
    assert len(accepted.samples) + accepted.rejected.total() == 1
    assert accepted.rejected.keys() <= {acceptance.NULL, acceptance.NOT_A_NUMBER, acceptance.STATE}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-01T00:00:00Z", NOW),
        ("2026-01-01T00:00:00.123999Z", NOW + 123),
        ("2026-01-01T02:00:00.5+02:00", NOW + 500),
        ("2025-12-31T19:00:00-05:00", NOW),
    ],
)
def test_times_keep_their_milliseconds(text: str, expected: int) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-01-01T00:00:00", "0001-01-01T00:00:00+05:00", 1_767_225_600_000, None, ["x"]],
)
def test_bad_times_are_counted(text: Any) -> None:
    samples, rejected, _ = accept([{"name": "p", "value": 1, "time": text}], {"p": 3}, NOW)
    assert len(samples) == 0
    assert sum(rejected.values()) == 1


def test_each_reading_is_kept_or_counted_once() -> None:
    time = "2026-01-01T00:00:00Z"
    page = [
        {"name": "p", "value": "1", "time": time},
        {"name": "elsewhere", "value": "1", "time": time},
        {"name": "p", "value": "1", "time": "2026-01-01T00:05:01Z"},
        {"name": "p", "value": "2", "time": time},
        {"value": "2", "time": time},
        {"name": ["p"], "value": "2", "time": time},
        "not a reading",
        None,
    ]
    samples, rejected, _ = accept(page, {"p": 3}, NOW)
    assert samples.ids.tolist() == [3, 3]
    assert samples.values.tolist() == [1.0, 2.0]
    assert rejected == {acceptance.NOT_CONFIGURED: 1, acceptance.IN_THE_FUTURE: 1, acceptance.MALFORMED: 4}
    assert set(rejected) <= set(acceptance.REASONS)
