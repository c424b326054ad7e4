"""The units of points: their spellings, symbols, dimensions and conversions; the only table of units.

BACnet's names are those of the standard without their case and hyphens; imperial means US customary.
"""

import re
import unicodedata
from fractions import Fraction
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vitals.model.records.sites import Units

type Values = npt.NDArray[np.float64]
System = Units

# A few sites of the largest known size have fewer different units.
_CACHED = 1_000
# An hour of a power.
_ENERGIES = ("energy", "apparent energy", "reactive energy")
_LARGEST = np.finfo(np.float64).max


class Unit(NamedTuple):
    """A unit: (value - zero) * factor is the value in the base unit of its dimension."""

    symbol: str
    dimension: str
    factor: Fraction = Fraction(1)
    zero: float = 0.0
    metric: str = ""
    """The symbol of the unit that replaces it in the metric system; empty where it stays."""
    imperial: str = ""
    spellings: str = ""
    """As BACnet, Haystack and people write it, separated by spaces; the symbol is one too."""


def _unit(
    symbol: str,
    dimension: str,
    factor: str | Fraction,
    spellings: str = "",
    *,
    zero: float = 0.0,
    metric: str = "",
    imperial: str = "",
) -> Unit:
    return Unit(symbol, dimension, Fraction(factor), zero, metric, imperial, spellings)


_BTU = Fraction("1055.05585262")
_FOOT, _POUND = Fraction("0.3048"), Fraction("0.45359237")
_GALLON, _WATER, _PSI = Fraction("0.003785411784"), Fraction("249.08891"), Fraction("6894.757293168361")

UNITS: tuple[Unit, ...] = (
    _unit("°C", "temperature", "1", "degreesCelsius degC celsius C", imperial="°F"),
    _unit("°F", "temperature", Fraction(5, 9), "degreesFahrenheit degF fahrenheit F", zero=32, metric="°C"),
    _unit("K", "temperature", "1", "degreesKelvin kelvin degK", zero=273.15, metric="°C", imperial="°F"),
    _unit(
        "°R", "temperature", Fraction(5, 9),
        "degreesRankine rankine degR",
        zero=491.67, metric="°C", imperial="°F",
    ),
    _unit(
        "ΔK", "temperature difference", "1",
        "deltaDegreesKelvin deltaK delta°C Δ°C celsiusDegrees",
        imperial="Δ°F",
    ),
    _unit(
        "Δ°F", "temperature difference", Fraction(5, 9),
        "deltaDegreesFahrenheit deltaF delta°F fahrenheitDegrees",
        metric="ΔK",
    ),
    _unit("J", "energy", "1", "joules joule", imperial="BTU"),
    _unit("kJ", "energy", "1000", "kilojoules kilojoule", imperial="BTU"),
    _unit("MJ", "energy", "1e6", "megajoules megajoule", imperial="kBTU"),
    _unit("GJ", "energy", "1e9", "gigajoules gigajoule", imperial="MMBTU"),
    _unit("Wh", "energy", "3600", "wattHours wattHour"),
    _unit("kWh", "energy", "3.6e6", "kilowattHours kilowattHour"),
    _unit("MWh", "energy", "3.6e9", "megawattHours megawattHour"),
    _unit("GWh", "energy", "3.6e12", "gigawattHours gigawattHour"),
    _unit("BTU", "energy", _BTU, "btus", metric="kWh"),
    _unit("kBTU", "energy", _BTU * 1_000, "kiloBtus kiloBtu kBtus", metric="kWh"),
    _unit("MMBTU", "energy", _BTU * 10**6, "megaBtus megaBtu", metric="MWh"),
    _unit("therm", "energy", _BTU * 10**5, "therms thm", metric="kWh"),
    _unit(
        "ton·h", "energy", _BTU * 12_000,
        "tonHours tonHour tonsRefrigerationHour tonrefh TRh",
        metric="kWh",
    ),
    _unit("VAh", "apparent energy", "1", "voltAmpereHours voltAmpereHour"),
    _unit("kVAh", "apparent energy", "1000", "kilovoltAmpereHours kilovoltAmpereHour"),
    _unit("MVAh", "apparent energy", "1e6", "megavoltAmpereHours megavoltAmpereHour"),
    _unit("varh", "reactive energy", "1", "voltAmpereHoursReactive voltAmpereReactiveHour"),
    _unit("kvarh", "reactive energy", "1000", "kilovoltAmpereHoursReactive kilovoltAmpereReactiveHour"),
    _unit("Mvarh", "reactive energy", "1e6", "megavoltAmpereHoursReactive megavoltAmpereReactiveHour"),
    _unit("mW", "power", "0.001", "milliwatts milliwatt"),
    _unit("W", "power", "1", "watts watt"),
    _unit("kW", "power", "1000", "kilowatts kilowatt"),
    _unit("MW", "power", "1e6", "megawatts megawatt"),
    _unit("BTU/h", "power", _BTU / 3_600, "btusPerHour btuPerHour BTUH BTU/hr", metric="W"),
    _unit(
        "kBTU/h", "power", _BTU / Fraction("3.6"),
        "kiloBtusPerHour kilobtuPerHour MBH kBTU/hr kBTUH",
        metric="kW",
    ),
    _unit(
        "ton", "power", _BTU * 12_000 / 3_600,
        "tonsRefrigeration tonsOfRefrigeration tonRefrigeration tons TR",
        metric="kW",
    ),
    _unit("hp", "power", "745.69987158227022", "horsepower", metric="kW"),
    _unit("VA", "apparent power", "1", "voltAmperes voltAmpere"),
    _unit("kVA", "apparent power", "1000", "kilovoltAmperes kilovoltAmpere"),
    _unit("MVA", "apparent power", "1e6", "megavoltAmperes megavoltAmpere"),
    _unit("var", "reactive power", "1", "voltAmperesReactive voltAmpereReactive"),
    _unit("kvar", "reactive power", "1000", "kilovoltAmperesReactive kilovoltAmpereReactive"),
    _unit("Mvar", "reactive power", "1e6", "megavoltAmperesReactive megavoltAmpereReactive"),
    _unit(
        "W/m²", "power density", "1",
        "wattsPerSquareMeter wattsPerSquareMeterIrradiance",
        imperial="W/ft²",
    ),
    _unit("W/ft²", "power density", 1 / _FOOT**2, "wattsPerSquareFoot", metric="W/m²"),
    _unit("ml", "volume", "1e-6", "milliliters milliliter", imperial="gal"),
    _unit("l", "volume", "0.001", "liters litres liter litre", imperial="gal"),
    _unit("m³", "volume", "1", "cubicMeters cubicMetres cubicMeter cubicMetre cum", imperial="ft³"),
    _unit("gal", "volume", _GALLON, "usGallons gallons gallon gals usGal galUs", metric="l"),
    _unit("imp gal", "volume", "0.00454609", "imperialGallons imperialGallon galUk", metric="l"),
    _unit("ft³", "volume", _FOOT**3, "cubicFeet cubicFoot cf cuft", metric="m³"),
    _unit("CCF", "volume", _FOOT**3 * 100, "hundredCubicFeet", metric="m³"),
    _unit("l/s", "flow", "0.001", "litersPerSecond litresPerSecond literPerSecond lps l/sec", imperial="gpm"),
    _unit("l/min", "flow", Fraction(1, 60_000), "litersPerMinute litresPerMinute lpm", imperial="gpm"),
    _unit("l/h", "flow", Fraction(1, 3_600_000), "litersPerHour litresPerHour l/hr lph", imperial="gpm"),
    _unit("m³/s", "flow", "1", "cubicMetersPerSecond cms", imperial="cfm"),
    _unit("m³/min", "flow", Fraction(1, 60), "cubicMetersPerMinute", imperial="cfm"),
    _unit("m³/h", "flow", Fraction(1, 3_600), "cubicMetersPerHour cmh m³/hr", imperial="cfm"),
    _unit("cfm", "flow", _FOOT**3 / 60, "cubicFeetPerMinute ft³/min", metric="m³/h"),
    _unit("cfs", "flow", _FOOT**3, "cubicFeetPerSecond ft³/s", metric="m³/s"),
    _unit("cfh", "flow", _FOOT**3 / 3_600, "cubicFeetPerHour ft³/h ft³/hr", metric="m³/h"),
    _unit("gpm", "flow", _GALLON / 60, "usGallonsPerMinute gallonsPerMinute gal/min", metric="l/s"),
    _unit("gph", "flow", _GALLON / 3_600, "usGallonsPerHour gallonsPerHour gal/h gal/hr", metric="l/s"),
    _unit("Pa", "pressure", "1", "pascals pascal", imperial="inH₂O"),
    _unit("hPa", "pressure", "100", "hectopascals hectopascal mbar millibars millibar", imperial="inHg"),
    _unit("kPa", "pressure", "1000", "kilopascals kilopascal", imperial="psi"),
    _unit("MPa", "pressure", "1e6", "megapascals", imperial="psi"),
    _unit("bar", "pressure", "1e5", "bars", imperial="psi"),
    _unit("psi", "pressure", _PSI, "poundsForcePerSquareInch poundsPerSquareInch psig", metric="kPa"),
    _unit("inH₂O", "pressure", _WATER, "inchesOfWater inWC inWG iwc", metric="Pa"),
    _unit("ftH₂O", "pressure", _WATER * 12, "feetOfWater ftWC ftHead", metric="kPa"),
    _unit("inHg", "pressure", "3386.389", "inchesOfMercury", metric="hPa"),
    _unit("mmHg", "pressure", "133.322387415", "millimetersOfMercury", metric="hPa", imperial="inHg"),
    _unit("m/s", "speed", "1", "metersPerSecond metresPerSecond m/sec", imperial="mph"),
    _unit("km/h", "speed", Fraction(1_000, 3_600), "kilometersPerHour kph", imperial="mph"),
    _unit("mph", "speed", _FOOT * 5_280 / 3_600, "milesPerHour mi/h", metric="m/s"),
    _unit("ft/min", "speed", _FOOT / 60, "feetPerMinute fpm", metric="m/s"),
    _unit("ft/s", "speed", _FOOT, "feetPerSecond fps", metric="m/s"),
    _unit("mm", "length", "0.001", "millimeters millimetres", imperial="in"),
    _unit("cm", "length", "0.01", "centimeters centimetres", imperial="in"),
    _unit("m", "length", "1", "meters metres meter", imperial="ft"),
    _unit("km", "length", "1000", "kilometers kilometres", imperial="mi"),
    _unit("in", "length", _FOOT / 12, "inches inch", metric="mm"),
    _unit("ft", "length", _FOOT, "feet foot", metric="m"),
    _unit("mi", "length", _FOOT * 5_280, "miles mile", metric="km"),
    _unit("m²", "area", "1", "squareMeters squareMetres squareMeter", imperial="ft²"),
    _unit("ft²", "area", _FOOT**2, "squareFeet squareFoot sqft", metric="m²"),
    _unit("g", "mass", "0.001", "grams gram", imperial="lb"),
    _unit("kg", "mass", "1", "kilograms kilogram", imperial="lb"),
    _unit("lb", "mass", _POUND, "poundsMass pounds pound lbs", metric="kg"),
    _unit("kg/s", "mass flow", "1", "kilogramsPerSecond", imperial="lb/h"),
    _unit("kg/h", "mass flow", Fraction(1, 3_600), "kilogramsPerHour kg/hr", imperial="lb/h"),
    _unit("lb/h", "mass flow", _POUND / 3_600, "poundsMassPerHour poundsPerHour lb/hr", metric="kg/h"),
    _unit(
        "kJ/kg", "enthalpy", "1000",
        "kilojoulesPerKilogram J/g",
        imperial="BTU/lb",
    ),
    _unit("BTU/lb", "enthalpy", _BTU / _POUND, "btusPerPound btuPerPound", metric="kJ/kg"),
    _unit("lx", "illuminance", "1", "luxes lux", imperial="fc"),
    _unit("fc", "illuminance", 1 / _FOOT**2, "footCandles footCandle", metric="lx"),
    _unit("%", "ratio", "1", "percent pct"),
    _unit("% RH", "relative humidity", "1", "percentRelativeHumidity RH"),
    _unit("ppm", "concentration", "1", "partsPerMillion"),
    _unit("ppb", "concentration", "0.001", "partsPerBillion"),
    _unit("µg/m³", "mass concentration", "1", "microgramsPerCubicMeter ug/m³"),
    _unit("mV", "voltage", "0.001", "millivolts"),
    _unit("V", "voltage", "1", "volts volt"),
    _unit("kV", "voltage", "1000", "kilovolts"),
    _unit("mA", "current", "0.001", "milliamperes"),
    _unit("A", "current", "1", "amperes ampere amps amp"),
    _unit("Hz", "frequency", "1", "hertz"),
    _unit("kHz", "frequency", "1000", "kilohertz"),
    _unit("rpm", "rotation", "1", "revolutionsPerMinute"),
    _unit("°", "angle", "1", "degreesAngular"),
    _unit("ms", "time", "0.001", "milliseconds"),
    _unit("s", "time", "1", "seconds second sec"),
    _unit("min", "time", "60", "minutes minute"),
    _unit("h", "time", "3600", "hours hour hr"),
    _unit("d", "time", "86400", "days day"),
    _unit("", "none", "1", "noUnits"),
)  # fmt: skip


def _key(text: str) -> str:
    """Returns the text as it is compared: m³ is m3, º and ˚ are °, and spaces and hyphens do not count."""
    plain = unicodedata.normalize("NFKC", re.sub("[º˚]", "°", text))
    return re.sub(r"[\s_.·-]", "", plain)


# The tables are made when a unit is looked up for the first time, not in every cold start.
@cache
def _spelled() -> dict[str, Unit]:
    return {_key(text): unit for unit in UNITS for text in (unit.symbol, *unit.spellings.split())}


@cache
def _spelled_in_any_case() -> dict[str, Unit]:
    """Returns the units by their spellings in lower case, but for those that differ only in case: mW, MW."""
    units: dict[str, list[Unit]] = {}
    for key, unit in _spelled().items():
        units.setdefault(key.lower(), []).append(unit)
    return {key: same[0] for key, same in units.items() if len(set(same)) == 1}


@lru_cache(_CACHED)
def find(text: str) -> Unit | None:
    """Returns the unit that a text names; None for an unknown one and for no text."""
    key = _key(text)
    unit = _spelled().get(key) or _spelled_in_any_case().get(key.lower())
    return None if unit is None or _is_another(key, unit) else unit


def _is_another(key: str, unit: Unit) -> bool:
    """Returns whether the case of the text makes it another unit: mPa is not MPa, and G is not g."""
    if key in _spelled():
        return False
    if len(key) == 1:
        return key.lower() not in "cf"
    symbol = _key(unit.symbol)
    base = _spelled().get(symbol[1:])
    has_prefix = base is not None and base.dimension == unit.dimension and len(symbol) == len(key)
    return has_prefix and key[0] in "mM" and key[0] != symbol[0]


def symbol(text: str) -> str:
    """Returns the symbol of the unit; an unknown unit is its own symbol."""
    unit = find(text)
    return unit.symbol if unit else text


def dimension(text: str) -> str | None:
    """Returns the dimension of the unit, None for an unknown one; two units of it can be converted."""
    unit = find(text)
    return unit.dimension if unit else None


def target(text: str, system: System) -> str:
    """Returns the symbol of the unit that replaces this one in a system.

    An unknown unit is not replaced, and `source` replaces none: the text itself.
    """
    unit = find(text)
    if unit is None or system == "source":
        return text
    return (unit.metric if system == "metric" else unit.imperial) or unit.symbol


def difference(text: str) -> str:
    """Returns the unit of a difference of two values in this unit; only temperatures have another one."""
    unit = find(text)
    if unit is None or unit.dimension != "temperature":
        return text
    return "ΔK" if unit.factor == 1 else "Δ°F"


def by_hours(text: str) -> str:
    """Returns the symbol of the unit times one hour: kWh for kW, m³ for m³/h, °F·h for °F, h for no unit."""
    before = symbol(text)
    if not before:
        return "h"
    energy = _spelled().get(_key(f"{before}h"))
    if energy and energy.dimension in _ENERGIES:
        return energy.symbol
    return before.removesuffix("/h") if before.endswith("/h") else f"{before}·h"


def convert(values: Values, source: str, target: str, *, difference: bool = False) -> Values:
    """Returns the values in another unit of the same dimension, unchanged when both are the same unit.

    A difference of two values converts without the zero of the scale. A result beyond the range of doubles is
    the largest double. ValueError for units of two dimensions, and for an unknown unit and another one.
    """
    before, after = find(source), find(target)
    if source == target or (before is not None and before is after):
        return values
    if before is None or after is None or before.dimension != after.dimension:
        raise ValueError(f"{source!r} cannot be converted into {target!r}")
    factor = float(before.factor / after.factor)
    with np.errstate(over="ignore"):
        converted = values * factor if difference else (values - before.zero) * factor + after.zero
    return np.clip(converted, -_LARGEST, _LARGEST)
