import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.model import units
from vitals.model.quality.findings import Finding
from vitals.model.quality.limits import TABLE, Limits, limits, out_of_range


@pytest.mark.parametrize(
    ("unit", "tags", "expected"),
    [
        ("degreesCelsius", (), (-60, 400)),
        ("degreesFahrenheit", ("air", "temp"), (-76, 176)),
        ("degreesFahrenheit", ("kind=Number", "Air=m:"), (-76, 176)),
        ("°F", ("kind=air",), (-76, 752)),
        ("°C", ("air", "flue"), (-60, 1000)),
        ("K", ("water",), (233.15, 473.15)),
        ("percentRelativeHumidity", (), (0, 100)),
        ("percent", ("damper", "cmd"), (0, 100)),
        ("%", (), (-100, 200)),
        ("partsPerMillion", ("air", "co2"), (200, 20_000)),
        ("partsPerBillion", ("co2",), (200_000, 20_000_000)),
        ("inHg", ("barometric",), (14.7649, 32.4828)),
        ("kilowattHours", (), None),
        ("", ("air",), None),
        ("frobs", ("air",), None),
    ],
)
def test_unit_and_tags_select_a_row(
    unit: str, tags: tuple[str, ...], expected: tuple[float, float] | None
) -> None:
    actual = limits(unit, tags)
    assert actual == (None if expected is None else pytest.approx(expected, rel=1e-5))


@given(st.sampled_from(units.UNITS), st.sampled_from([row.tags for row in TABLE]))
def test_limits_are_the_same_in_every_unit(unit: units.Unit, tags: tuple[str, ...]) -> None:
    actual = limits(unit.symbol, tags)
    rows = [row for row in TABLE if units.dimension(row.unit) == unit.dimension]
    if actual is None:
        assert not rows
        return
    row = next(row for row in rows if not row.tags or set(row.tags) & set(tags))
    edges = units.convert(np.array([float(row.low), float(row.high)]), row.unit, unit.symbol)
    assert actual == pytest.approx(tuple(edges), abs=1e-9)
    assert actual.low < actual.high


def test_every_dimension_ends_with_a_row_for_all() -> None:
    dimensions = {units.dimension(row.unit) for row in TABLE}
    assert None not in dimensions
    for dimension in dimensions:
        *before, last = [row.tags for row in TABLE if units.dimension(row.unit) == dimension]
        assert last == (), f"{dimension}: points without a tag have no limits"
        assert all(before), f"{dimension}: a row behind the one of all points never applies"


def test_the_limits_themselves_are_within() -> None:
    bounds = Limits(0.0, 100.0)
    values = [0.0, -0.0, 100.0, 50.0]
    assert out_of_range(np.arange(4), np.array(values), bounds) is None
    values += [math.nextafter(0.0, -1), math.nextafter(100.0, 101), 130.0, -30.0]
    assert out_of_range(np.arange(8), np.array(values), bounds) == Finding(4, 4, 7, value=130.0)
    assert out_of_range(np.arange(0), np.array([], np.float64), bounds) is None


def test_the_table_is_documented() -> None:
    page = (Path(__file__).parents[4] / "docs/quality.md").read_text()
    rows = re.findall(r"^\| (\S.*) \| (`.*`|all other points) \| (\S+) \| (\S+) \|$", page, re.M)
    assert [(unit, tuple(re.findall("`(\\w+)`", tags)), low, high) for unit, tags, low, high in rows] == [
        tuple(row) for row in TABLE
    ]
