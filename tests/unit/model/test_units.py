import re
import sys
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.template import ROOT
from vitals.model import units
from vitals.model.units import UNITS, Unit, convert, find, symbol, target

SPELLINGS = [(text, unit) for unit in UNITS for text in (unit.symbol, *unit.spellings.split()) if text]
PAGE_UNITS = ROOT / "web" / "src" / "pages" / "explore" / "units.ts"

# Smaller results are subnormal, which have fewer digits.
numbers = st.floats(-1e15, 1e15).map(lambda number: number if abs(number) > 1e-290 else 0.0)
same_dimension = st.sampled_from(UNITS).flatmap(
    lambda unit: st.tuples(
        st.just(unit), st.sampled_from([other for other in UNITS if other.dimension == unit.dimension])
    )
)


def one(value: float, source: str, into: str, *, difference: bool = False) -> float:
    return float(convert(np.array([value]), source, into, difference=difference)[0])


def kebab(text: str) -> str:
    """The spelling of a BACnet name in the standard: kilowatt-hours."""
    return re.sub("(?<=[a-z])(?=[A-Z])", "-", text).lower()


@pytest.mark.parametrize(("text", "unit"), SPELLINGS)
def test_each_spelling_names_its_unit(text: str, unit: Unit) -> None:
    assert find(text) is unit
    assert find(f" {text} ") is unit
    # In lower case the M of a symbol would be a thousandth.
    if len(text) > 4 and text.isascii() and text.isalpha() and not text.startswith("M"):
        assert find(kebab(text)) is find(text.upper()) is find(kebab(text).replace("-", "_")) is unit


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ºF", "°F"),
        ("deg F", "°F"),
        ("℃", "°C"),
        ("m3/h", "m³/h"),
        ("L/s", "l/s"),
        ("CFM", "cfm"),
        ("in. w.c.", "inH₂O"),
        ("KWH", "kWh"),
        ("%rh", "% RH"),
        ("mW", "mW"),
        ("MW", "MW"),
        ("mw", "mw"),
        ("furlongs", "furlongs"),
        ("MBTU", "MBTU"),
        ("", ""),
        ("no-units", ""),
    ],
)
def test_symbols_of_odd_spellings(text: str, shown: str) -> None:
    assert symbol(text) == shown


@given(same_dimension, st.lists(numbers, max_size=5), st.booleans())
def test_a_conversion_and_its_reverse_cancel(
    pair: tuple[Unit, Unit], values: list[float], difference: bool
) -> None:
    source, other = pair
    column = np.array(values)
    there = convert(column, source.symbol, other.symbol, difference=difference)
    back = convert(there, other.symbol, source.symbol, difference=difference)
    # A scale that begins elsewhere has the rounding error of that distance.
    scale = 0 if difference else abs(source.zero) + abs(other.zero * float(other.factor / source.factor))
    assert np.all(np.abs(back - column) <= 1e-12 * np.maximum(np.abs(column), scale))


@given(same_dimension, numbers, numbers)
def test_differences_convert_without_the_offset(pair: tuple[Unit, Unit], low: float, high: float) -> None:
    source, other = (unit.symbol for unit in pair)
    assert one(0.0, source, other, difference=True) == 0
    apart = one(high, source, other) - one(low, source, other)
    error = 1e-12 * (abs(one(low, source, other)) + abs(one(high, source, other)) + 1e3)
    assert one(high - low, source, other, difference=True) == pytest.approx(apart, rel=1e-9, abs=error)


@pytest.mark.parametrize(
    ("value", "source", "into", "expected"),
    [
        (68, "degreesFahrenheit", "°C", 20),
        (-40, "degreesCelsius", "°F", -40),
        (20, "C", "degF", 68),
        (0, "degreesCelsius", "K", 273.15),
        (1, "kilowattHours", "Wh", 1_000),
        (1, "MWh", "kWh", 1_000),
        (1, "kWh", "BTU", 3_412.141633),
        (1, "therms", "kWh", 29.3071070),
        (1, "tons", "kW", 3.51685284),
        (1_000, "cubicFeetPerMinute", "m³/h", 1_699.01080),
        (10, "usGallonsPerMinute", "l/s", 0.630901964),
        (1, "psi", "kPa", 6.89475729),
        (1, "inchesOfWater", "Pa", 249.08891),
        (1_013.25, "hPa", "inHg", 29.921252),
        (10, "m/s", "mph", 22.3693629),
        (1, "BTU/lb", "kJ/kg", 2.326),
        (100, "footCandles", "lx", 1_076.39104),
    ],
)
def test_known_conversions(value: float, source: str, into: str, expected: float) -> None:
    assert one(value, source, into) == pytest.approx(expected, rel=1e-7)


def test_a_unit_is_not_converted_into_itself() -> None:
    values = np.array([0.1, -0.0, sys.float_info.max])
    for source, into in (("degF", "°F"), ("furlongs", "furlongs"), ("", ""), ("kWh", "kilowattHours")):
        assert convert(values, source, into) is values


def test_results_stay_finite() -> None:
    largest = sys.float_info.max
    assert convert(np.array([largest, -largest]), "MWh", "J").tolist() == [largest, -largest]


@pytest.mark.parametrize(("source", "into"), [("kWh", "kW"), ("furlongs", "m"), ("m", "furlongs"), ("", "m")])
def test_other_conversions_are_errors(source: str, into: str) -> None:
    with pytest.raises(ValueError, match="cannot be converted"):
        convert(np.array([1.0]), source, into)


@pytest.mark.parametrize(
    ("unit", "system"), [(unit, system) for unit in UNITS for system in ("metric", "imperial")]
)
def test_targets_have_the_same_dimension_and_stay(unit: Unit, system: units.System) -> None:
    replacement = find(target(unit.symbol, system)) or unit
    assert replacement.dimension == unit.dimension
    assert target(replacement.symbol, system) == replacement.symbol


def test_targets_of_systems() -> None:
    assert target("degreesFahrenheit", "source") == "degreesFahrenheit"
    assert [target(text, "metric") for text in ("degF", "kWh", "cfm", "furlongs")] == [
        "°C",
        "kWh",
        "m³/h",
        "furlongs",
    ]
    assert [target(text, "imperial") for text in ("°C", "hPa", "m/s", "")] == ["°F", "inHg", "mph", ""]


def test_symbols_differ_and_dimensions_have_a_base() -> None:
    assert len({unit.symbol for unit in UNITS}) == len(UNITS)
    assert not [
        (a, b) for a, b in combinations(SPELLINGS, 2) if units._key(a[0]) == units._key(b[0]) and a[1] != b[1]
    ]
    assert all(unit.factor > 0 for unit in UNITS)


def test_the_page_shows_the_same_symbols() -> None:
    shown = dict(re.findall(r'^    (\w+): "([^"]*)",$', PAGE_UNITS.read_text(), re.MULTILINE))
    assert len(shown) > 30
    assert {text: symbol(text) for text in shown} == shown


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.dimension == "temperature"])
def test_differences_of_temperatures_have_their_own_unit(unit: Unit) -> None:
    between = find(units.difference(unit.symbol))
    assert between is not None
    assert (between.dimension, between.factor, between.zero) == ("temperature difference", unit.factor, 0)


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.dimension != "temperature"])
def test_other_differences_have_the_unit_of_values(unit: Unit) -> None:
    assert units.difference(unit.symbol) == unit.symbol


@pytest.mark.parametrize(
    ("unit", "by_hours"),
    [
        *(("kilowatts", "kWh"), ("W", "Wh"), ("kVA", "kVAh"), ("kvar", "kvarh"), ("ton", "ton·h")),
        *(("BTU/h", "BTU"), ("m³/h", "m³"), ("gpm", "gpm·h"), ("°C", "°C·h")),
        *(("", "h"), ("widgets", "widgets·h")),
    ],
)
def test_a_unit_by_hours(unit: str, by_hours: str) -> None:
    assert units.by_hours(unit) == by_hours


@pytest.mark.parametrize("text", ["mPa", "G", "k", "M", "MA", "mwh", "mWh"])
def test_case_that_changes_a_prefix_is_unknown(text: str) -> None:
    """Taken for MPa, g or K, a value would be converted by a factor of up to a thousand million."""
    assert units.find(text) is None
    assert units.target(text, "imperial") == text


def test_milliwatts_by_hours_are_no_megawatt_hours() -> None:
    assert units.by_hours("mW") == "mW·h"
    assert units.by_hours("MW") == "MWh"


@pytest.mark.parametrize("text", ["btusPerPoundDryAir", "kilojoulesPerKilogramDryAir"])
def test_enthalpies_of_dry_air_are_not_converted(text: str) -> None:
    """They count from 0 °F and 0 °C, so that a factor alone would be wrong."""
    assert units.target(text, "metric") == units.target(text, "imperial") == text
