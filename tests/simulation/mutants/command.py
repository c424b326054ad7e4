"""The command of the mutants: plants each fault in a copy, and tells which seed finds it after how long.

What finds a fault is played over the unchanged product too, where it must find nothing.
"""

import argparse
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.simulation.mutants.catalogue import MUTANTS
from tests.simulation.mutants.mutant import Mutant
from tests.simulation.mutants.task import Task
from tests.simulation.mutants.workspace import BrokenError, planted, played
from tests.simulation.scenario import Scenario

SECONDS = 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 when every fault is found, and nothing in the unchanged product."""
    options = _parser().parse_args(arguments)
    by_name = {mutant.name: mutant for mutant in MUTANTS}
    unknown = set(options.names) - by_name.keys()
    if unknown:
        print(f"no mutants are named {', '.join(sorted(unknown))}; there are {', '.join(by_name)}")
        return 2
    mutants = [by_name[name] for name in options.names or by_name]
    with ThreadPoolExecutor(options.jobs) as pool:
        matches = [
            scenario
            for scenario in pool.map(lambda mutant: _hunt(mutant, options.seconds), mutants)
            if scenario
        ]
        with planted(None) as unchanged:
            clean = list(pool.map(lambda scenario: _is_clean(unchanged, scenario), dict.fromkeys(matches)))
    print(f"{len(matches)} of {len(mutants)} found; {sum(clean)} of {len(clean)} scenarios clean without it")
    return 0 if len(matches) == len(mutants) and all(clean) else 1


def _hunt(mutant: Mutant, seconds: int) -> Scenario | None:
    """Prints and returns what finds a fault, None for nothing."""
    try:
        with planted(mutant) as root:
            outcome = played(root, Task(mutant.scenarios, seconds))
    except BrokenError as error:
        print(f"{mutant.name}: the simulation failed\n{error}", flush=True)
        return None
    if outcome.scenario is None:
        print(f"{mutant.name}: NOT FOUND by {outcome.clean} seeds", flush=True)
        return None
    problem, command = outcome.problem[:200], outcome.scenario.command
    print(f"{mutant.name}: found after {outcome.seconds:.1f} s: {problem} ({command})", flush=True)
    return outcome.scenario


def _is_clean(root: Path, scenario: Scenario) -> bool:
    """Returns whether a scenario finds nothing in the unchanged product, and prints what it finds."""
    try:
        problem = played(root, Task([scenario])).problem
    except BrokenError as error:
        problem = f"the simulation failed\n{error}"
    if problem:
        print(f"unchanged: {problem} ({scenario.command})", flush=True)
    return not problem


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutants")
    parser.add_argument("names", nargs="*", metavar="NAME", help="default all")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="of CPU for each")
    parser.add_argument("--jobs", type=int, default=2, help="copies at the same time")
    return parser
