"""The limits of values by unit and tag: the only table of them (docs/quality.md).

They are those of physics and of the largest sensors on the market, not those of comfort: a value outside is
one that no building has. The limits themselves are within.
"""

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from vitals.model import kinds, units
from vitals.model.quality.findings import Finding
from vitals.model.samples import Times, Values
from vitals.model.units import Unit

# A few sites of the largest known size.
_CACHED = 20_000


class Limits(NamedTuple):
    """The smallest and the largest value, in the unit of the values."""

    low: float
    high: float


class LimitRow(NamedTuple):
    """A row of the table: limits, written in `unit`, of every unit of its dimension.

    It is of the points that have one of the marker tags, or of all points where it has no tags.
    """

    unit: str
    tags: tuple[str, ...]
    low: str
    high: str


TABLE: tuple[LimitRow, ...] = (
    LimitRow("°C", ("flue",), "-60", "1000"),
    LimitRow("°C", ("steam",), "-60", "400"),
    LimitRow("°C", ("air", "zone", "room"), "-60", "80"),
    LimitRow("°C", ("water",), "-40", "200"),
    LimitRow("°C", (), "-60", "400"),
    LimitRow("ΔK", (), "-200", "200"),
    LimitRow("% RH", (), "0", "100"),
    LimitRow("%", ("humidity", "damper", "valve", "cmd", "position"), "0", "100"),
    LimitRow("%", (), "-100", "200"),
    LimitRow("ppm", ("co2",), "200", "20000"),
    LimitRow("ppm", (), "0", "1000000"),
    LimitRow("µg/m³", (), "0", "10000"),
    LimitRow("hPa", ("barometric", "atmospheric"), "500", "1100"),
    LimitRow("kPa", ("compressed",), "-101.325", "2000"),
    LimitRow("kPa", ("air",), "-25", "25"),
    LimitRow("kPa", (), "-101.325", "20000"),
    LimitRow("m/s", (), "-120", "120"),
    LimitRow("lx", (), "0", "200000"),
    LimitRow("W/m²", (), "-50", "2000"),
    LimitRow("Hz", (), "0", "1000"),
    LimitRow("°", (), "-360", "360"),
)
"""The first row of the unit's dimension with one of the point's tags, or without tags, has the limits."""


@lru_cache(_CACHED)
def limits(unit: str, tags: tuple[str, ...]) -> Limits | None:
    """Returns the limits of a point's values in its own unit, None for a unit without a row."""
    known_unit = units.find(unit)
    if known_unit is None:
        return None
    markers = kinds.markers(tags)
    rows = (row for row in TABLE if units.dimension(row.unit) == known_unit.dimension)
    row = next((row for row in rows if not row.tags or markers & set(row.tags)), None)
    return row and Limits(*_converted(row, known_unit))


def out_of_range(times: Times, values: Values, limits: Limits) -> Finding | None:
    """Returns the samples with value < low or value > high, None when there are none.

    Its value is the one that is furthest outside, the earliest of several.
    """
    with np.errstate(over="ignore"):
        excess = np.maximum(limits.low - values, values - limits.high)
    outside = np.flatnonzero(excess > 0)
    if not len(outside):
        return None
    furthest = values[outside[np.argmax(excess[outside])]]
    return Finding(len(outside), int(times[outside[0]]), int(times[outside[-1]]), value=float(furthest))


def _converted(row: LimitRow, unit: Unit) -> Iterable[float]:
    """Returns the row's limits in a unit of its dimension, each rounded once."""
    source = units.find(row.unit)
    assert source is not None
    for text in (row.low, row.high):
        base = (Fraction(text) - Fraction(str(source.zero))) * source.factor
        yield float(base / unit.factor + Fraction(str(unit.zero)))
