"""What a broken sensor or gateway serves."""

from typing import Any

import pytest

from local.ace_simulator.buildings.anomalies import Anomaly
from tests.support.ace_simulator import MINUTE, NOON, SITE, samples, simulator, window

START, END = NOON - 30 * MINUTE, NOON - 10 * MINUTE


def served(*anomalies: Anomaly) -> dict[tuple[str, int], Any]:
    building = simulator(points=12)
    building.anomalies = anomalies
    return {(name, time_ms): value for name, time_ms, value in samples(building, window(40, NOON))}


@pytest.fixture(scope="module")
def usual() -> dict[tuple[str, int], Any]:
    return served()


def test_a_silent_point_has_no_readings(usual: dict[tuple[str, int], Any]) -> None:
    name = next(name for name, _ in usual)
    expected = {key: value for key, value in usual.items() if key[0] != name or not START <= key[1] < END}
    assert served(Anomaly(SITE, "silent", START, END, (name,))) == expected
    assert len(usual) - len(expected) >= 10


def test_an_outage_is_of_all_points(usual: dict[tuple[str, int], Any]) -> None:
    expected = {key: value for key, value in usual.items() if not START <= key[1] < END}
    assert served(Anomaly(SITE, "outage", START, END)) == expected
    assert served(Anomaly("other", "outage", START, END)) == usual


def test_values_are_replaced_and_added(usual: dict[tuple[str, int], Any]) -> None:
    name = next(name for name, _ in usual if "analogInput" in name)
    inside = {key for key in usual if key[0] == name and START <= key[1] < END}
    stuck = served(Anomaly(SITE, "stuck", START, END, (name,), 5.25))
    jumped = served(Anomaly(SITE, "jump", START, END, (name,), 5.25))
    assert {key: stuck[key] for key in inside} == dict.fromkeys(inside, 5.25)
    assert all(jumped[key] == pytest.approx(float(usual[key]) + 5.25) for key in inside)
    outside = usual.keys() - inside
    assert (
        [stuck[key] for key in outside] == [jumped[key] for key in outside] == [usual[key] for key in outside]
    )
