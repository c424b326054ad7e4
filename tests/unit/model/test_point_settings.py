from dataclasses import fields
from typing import Any, get_args

import pytest

from vitals.errors import InvalidRequestError
from vitals.model.point_settings import NO_SETTINGS, POINT_SETTINGS, PointSettings
from vitals.model.records.changes import ChangedSetting
from vitals.model.records.sites import SITE_SETTINGS


def test_every_field_is_a_setting() -> None:
    assert tuple(field.name for field in fields(PointSettings)) == POINT_SETTINGS
    assert set(get_args(ChangedSetting)) == {*SITE_SETTINGS, *POINT_SETTINGS, "flag"}


def test_changes_leave_other_settings_alone() -> None:
    settings = NO_SETTINGS.changed({"kind": "counter", "rollover": 10_000})
    assert settings == PointSettings("counter", 10_000.0)
    settings = settings.changed({"states": {" Heat ": 1, "cool": -2.5}})
    assert settings == PointSettings("counter", 10_000.0, {"Heat": 1.0, "cool": -2.5})
    assert settings.changed({}) == settings
    assert settings.changed({"kind": None}) == PointSettings(None, 10_000.0, settings.states)


def test_none_removes_settings() -> None:
    settings = NO_SETTINGS.changed({"kind": "binary", "rollover": 0.5, "states": {"open": 1}})
    assert settings
    assert settings.changed({"kind": None, "rollover": None, "states": None}) == NO_SETTINGS
    assert settings.changed({"states": {}}).states == {}
    assert not NO_SETTINGS


def test_states_compare_without_case_and_spaces() -> None:
    assert NO_SETTINGS.changed({"states": {" Geöffnet ": 1}}).numbers == {"geöffnet": 1.0}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"unit": "kWh"}, "'unit' is not a setting of a point; use kind, rollover, states"),
        ({"kind": "Binary"}, "kind must be binary, multistate, analog, counter or setpoint"),
        ({"kind": ["binary"]}, "kind must be binary, multistate, analog, counter or setpoint"),
        *(
            ({"rollover": value}, "rollover must be a finite number greater than 0")
            for value in (0, -1, float("inf"), float("nan"), True, "9999", [], 10**400)
        ),
        ({"states": ["a"]}, "states must be an object of texts and numbers"),
        ({"states": {str(n) + "x": n for n in range(51)}}, "states must have at most 50 texts"),
        ({"states": {"Heat": 1, "heat ": 1}}, "states must differ in more than case and outer spaces"),
        ({"states": {"heat": 1, "heat ": 1}}, "states must differ in more than case and outer spaces"),
        *(
            ({"states": {key: 1}}, "the text of a state must have 1 to 64 printable characters")
            for key in ("", "  ", "x" * 65, "a\nb", "\ud83d", 7)
        ),
        *(
            ({"states": {key: 1}}, f"the text of a state must not be a number: {key!r}")
            for key in ("1", "-2.5e3", "nan", "Infinity")
        ),
        *(
            ({"states": {"heat": value}}, "the number of the state 'heat' must be finite")
            for value in (None, "1", True, float("nan"), float("-inf"), 10**400)
        ),
    ],
)
def test_invalid_settings_are_refused_with_reasons(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidRequestError) as refusal:
        NO_SETTINGS.changed(changes)
    assert str(refusal.value) == text
