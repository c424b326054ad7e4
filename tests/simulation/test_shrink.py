"""Making a failing scenario smaller."""

from tests.simulation.scenario import Scenario
from tests.simulation.shrink import shrink


def test_the_smallest_failing_scenario_is_found() -> None:
    def fails(scenario: Scenario) -> bool:
        return scenario.days >= 3 and scenario.points >= 10 and "pause" in scenario.kinds

    smallest = shrink(Scenario(seed=7, days=30), fails, tries=200)
    assert (smallest.days, smallest.points, smallest.kinds) == (3, 10, ("pause",))


def test_the_tries_are_bounded() -> None:
    tried: list[Scenario] = []

    def fails(scenario: Scenario) -> bool:
        tried.append(scenario)
        return False

    scenario = Scenario(seed=7)
    assert shrink(scenario, fails, tries=5) == scenario
    assert len(tried) == 5


def test_the_command_names_unusual_options() -> None:
    scenario = Scenario(seed=3, days=4, faults=2.0, without=("slow", "pause"))
    assert scenario.command == (
        "make simulate SEED=3 DAYS=4 HOT_DAYS=2 POINTS=40 FAULTS=2.0 WITHOUT=slow,pause"
    )
