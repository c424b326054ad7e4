"""Tasks and outcomes are the same after they were JSON, and tasks name what is played."""

from itertools import islice

from tests.simulation.mutants.scenarios import HELD, SMALL
from tests.simulation.mutants.task import Outcome, Task


def test_json_says_everything() -> None:
    task = Task([SMALL, HELD], 60)
    assert Task.from_json(task.to_json()) == task
    for outcome in (Outcome(3), Outcome(1, "lost: a sample", HELD, 2.5)):
        assert Outcome.from_json(outcome.to_json()) == outcome


def test_tasks_with_a_time_go_on_with_seeds() -> None:
    assert [scenario.seed for scenario in Task([SMALL, HELD]).played()] == [SMALL.seed, HELD.seed]
    seeds = [scenario.seed for scenario in islice(Task([SMALL, HELD], 60).played(), 4)]
    assert seeds == [SMALL.seed, HELD.seed, SMALL.seed + 1, HELD.seed + 1]
