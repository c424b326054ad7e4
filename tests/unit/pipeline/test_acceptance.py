import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.model.point_settings import NO_SETTINGS
from vitals.pipeline import acceptance
from vitals.pipeline.acceptance import accept, parse_time, parse_value

NOW = 1_767_225_600_000


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
