"""Makes a failing scenario smaller: fewer days, fewer points, fewer kinds of faults."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.simulation.scenario import Scenario

_FEWEST_POINTS = 5


def shrink(scenario: Scenario, fails: Callable[[Scenario], bool], tries: int) -> Scenario:
    """Returns the smallest scenario found that still fails, after at most so many tries.

    A smaller scenario is another run, so it may fail in another way, or not at all.
    """
    smallest, refused = scenario, set[Scenario]()
    while True:
        smaller = next((scenario for scenario in _smaller(smallest) if scenario not in refused), None)
        if smaller is None or tries <= 0:
            return smallest
        tries -= 1
        if fails(smaller):
            smallest = smaller
        else:
            refused.add(smaller)


def _smaller(scenario: Scenario) -> Iterator[Scenario]:
    """Yields smaller scenarios, the one that saves most first."""
    for days in sorted({max(1, scenario.days // 2), max(1, scenario.days - 1)}):
        if days < scenario.days:
            yield replace(scenario, days=days)
    if scenario.points // 2 >= _FEWEST_POINTS:
        yield replace(scenario, points=scenario.points // 2)
    kinds = scenario.kinds
    for kind in kinds:
        yield replace(scenario, without=(*scenario.without, kind))
