"""Short seeds of the simulation; `make simulate` plays long ones."""

import pytest

from tests.simulation.command import play
from tests.simulation.scenario import Scenario


@pytest.mark.parametrize("seed", [1, 2])
def test_a_short_seed_is_clean(seed: int) -> None:
    report = play(Scenario(seed=seed, days=1, points=12, faults=2.0, activity=4.0))
    assert report.is_clean, "\n".join([report.scenario.command, *report.texts])
    figures = report.figures
    assert figures.samples > 5_000
    assert figures.kills > 5
    assert figures.checked > 50
