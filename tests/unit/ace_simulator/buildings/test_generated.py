"""The readings of a generated building are a pure function of its settings."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from local.ace_simulator.buildings.generated import GeneratedBuilding
from local.ace_simulator.buildings.readings import microseconds
from tests.support.ace_simulator import MINUTE, NOON, SITE, rows


def generated(seed: int = 1, points: int = 120, **settings: Any) -> GeneratedBuilding:
    return GeneratedBuilding(SITE, seed, points, 60, **settings)


def of_quantity(building: GeneratedBuilding, text: str, hours: int = 24) -> Iterator[list[Any]]:
    readings = building.readings((NOON - hours * 60 * MINUTE) * 1_000, NOON * 1_000)
    for number, point in enumerate(building.points):
        if point.quantity.text == text:
            yield building.values(readings[readings.series == number])


def test_readings_do_not_depend_on_the_requests() -> None:
    whole = rows(generated(), NOON - 60 * MINUTE, NOON)
    cuts = [NOON - 60 * MINUTE, NOON - 47 * MINUTE + 123, NOON - 13, NOON]
    other = generated()
    parts = [rows(other, start, end) for start, end in reversed(list(pairwise(cuts)))]
    assert set.union(*parts) == whole
    assert sum(map(len, parts)) == len(whole)


def test_another_seed_or_site_has_other_readings() -> None:
    here = rows(generated(), NOON - 5 * MINUTE, NOON)
    assert rows(generated(seed=2), NOON - 5 * MINUTE, NOON) != here
    elsewhere = GeneratedBuilding("ses_salem", 1, 120, 60)
    assert rows(elsewhere, NOON - 5 * MINUTE, NOON) != here


def test_zone_temperatures_are_widened_float32() -> None:
    numbers = [float(text) for text in next(of_quantity(generated(odd_share=0), "Zone temperature"))]
    assert all(float(np.float32(number)) == number for number in numbers)
    assert any(len(repr(number)) > 15 for number in numbers)
    assert 55 < min(numbers) < max(numbers) < 90


def test_counters_never_fall_and_setpoints_step() -> None:
    building = generated(odd_share=0)
    for texts in of_quantity(building, "Energy"):
        assert np.all(np.diff([float(text) for text in texts]) >= 0)
    setpoints = next(of_quantity(building, "Cooling setpoint"))
    assert 2 <= len(set(setpoints)) <= 4
    assert sum(a != b for a, b in pairwise(setpoints)) <= 12


def test_states_are_written_in_several_ways() -> None:
    written = {value for values in of_quantity(generated(odd_share=0), "Fan status") for value in values}
    assert {"active", "inactive", "true", "false", "on", "off", True, False} <= written


def test_few_values_are_not_numbers() -> None:
    building = generated(odd_share=0.02)
    readings = building.readings((NOON - 600 * MINUTE) * 1_000, NOON * 1_000)
    odd = Counter(v for v in building.values(readings) if v in (None, "", "NaN", "Infinity", "fault text"))
    assert len(odd) == 5
    assert odd.total() / len(readings) == pytest.approx(0.02, rel=0.2)


def test_names_are_odd_and_unique() -> None:
    names = [point.name for point in generated(points=4_583).points]
    assert len(set(names)) == len(names) == 4_583 + 3
    assert names[0] == "ses/ses_falls_city/8000:33-8033/analogInput/100"
    for mark in (" ", "#", "%", "ß"):
        assert any(mark in name for name in names[:48])


def test_times_are_written_in_several_forms() -> None:
    building = generated()
    readings = building.readings((NOON - 30 * MINUTE) * 1_000, NOON * 1_000)
    texts = building.times(readings)
    assert [microseconds(text) for text in texts] == readings.time_us.tolist()
    shapes = {re.sub(r"\d", "0", text[19:]) for text in texts}
    assert shapes == {"Z", ".000000Z", "+00:00", ".000+00:00"}
    assert any(text.endswith("+02:00") for text in texts)
    assert {point.interval_s for point in building.points} == {30, 60, 300, 900}


def test_uniform_times_are_whole_seconds_in_utc() -> None:
    building = generated(uniform_times=True)
    texts = building.times(building.readings((NOON - 30 * MINUTE) * 1_000, NOON * 1_000))
    assert {len(text) for text in texts} == {20}
