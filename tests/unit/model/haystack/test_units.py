"""Units as Haystack writes them; its own list of units is compared with tests/integration/http."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.codec.haystack import zinc
from vitals.model import units
from vitals.model.haystack.units import haystack_unit
from vitals.model.haystack.values import Number


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("degreesFahrenheit", "°F"),
        ("tonsRefrigeration", "tonref"),
        ("kvarh", "kVARh"),
        ("percentRelativeHumidity", "%RH"),
        ("usGallonsPerMinute", "gal/min"),
        ("noUnits", ""),
        ("", ""),
        ("furlongs", "furlongs"),
        ("per 5 minutes", ""),
        ("m3,x", ""),
    ],
)
def test_symbols_are_those_of_haystack(text: str, symbol: str) -> None:
    assert haystack_unit(text) == symbol


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.one_of(st.text(max_size=8), st.sampled_from([unit.symbol for unit in units.UNITS])),
)
def test_a_number_can_be_written_with_every_unit(value: float, text: str) -> None:
    number = Number(value, haystack_unit(text))
    assert zinc.decode_value(zinc.text_of(number)) == number
