"""Faults are read from text and from JSON."""

import pytest

from local.ace_simulator import faults as fault_texts
from local.ace_simulator.faults import Faults


def test_faults_are_parsed() -> None:
    assert fault_texts.parse("5xx=0.05, 429=0.02,late=1,late_minutes=30,status=404") == Faults(
        server_error=0.05, rate_limited=0.02, late=1, late_minutes=30, status=404
    )
    assert fault_texts.parse("") == Faults()
    everything = Faults(shuffle=1, repeat_cursor=0.5)
    assert fault_texts.from_mapping(everything.by_name()) == everything


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lateness=1", "there is no fault 'lateness'"),
        ("empty", "'empty' must be name=number"),
        ("empty=often", "empty must be a number, not 'often'"),
        ("empty=1.5", "empty must be a rate from 0 to 1, not 1.5"),
        ("empty=nan", "empty must be a rate from 0 to 1, not nan"),
        ("5xx=-0.1", "5xx must be a rate from 0 to 1, not -0.1"),
        ("late_minutes=-1", "late_minutes must be minutes from 0"),
        ("delay=61", "delay must be seconds from 0 to 60"),
        ("status=200", "status must be 0, or from 400 to 599, not 200"),
        ("status=404.5", "status must be a whole number"),
        ("status=inf", "status must be a whole number"),
        ("late=1,late=1", "set only once"),
    ],
)
def test_invalid_faults_are_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fault_texts.parse(text)
