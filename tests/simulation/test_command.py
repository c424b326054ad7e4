"""The command of the simulation prints a line for each seed, also when an oracle fails."""

import pytest

from tests.simulation import command
from tests.simulation.run import Run
from tests.simulation.scenario import Scenario


def test_errors_of_a_run_are_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(run: Run) -> None:
        raise KeyError("first")

    monkeypatch.setattr(Run, "_start", fail)
    report = command.play(Scenario(seed=7, days=1, points=4))
    assert str(report) == "seed 7: 0 samples, 0 faults, 0 queries, 0 lost, 0 doubled, 1 wrong"
    assert "KeyError: 'first'" in report.texts[0]
