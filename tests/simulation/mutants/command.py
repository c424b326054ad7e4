"""The command of the mutants: plants each fault in a copy, and tells which seed finds it after how long."""

import argparse
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.simulation.mutants.catalogue import MUTANTS
from tests.simulation.mutants.mutant import Mutant
from tests.simulation.mutants.workspace import BrokenError, Outcome, hunt

UNCHANGED = "unchanged"
"""The name of the copy without a fault, in which nothing may be found."""
SECONDS = 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 when every fault is found, and nothing in the unchanged copy."""
    options = _parser().parse_args(arguments)
    by_name: dict[str, Mutant | None] = {UNCHANGED: None} | {mutant.name: mutant for mutant in MUTANTS}
    unknown = set(options.names) - by_name.keys()
    if unknown:
        print(f"no mutants are named {', '.join(sorted(unknown))}; there are {', '.join(by_name)}")
        return 2
    names = options.names or list(by_name)
    with ThreadPoolExecutor(options.jobs) as pool:
        succeeded = list(pool.map(lambda name: _report(name, by_name[name], options.seconds), names))
    print(f"{sum(succeeded)} of {len(names)} as expected")
    return 0 if all(succeeded) else 1


def _report(name: str, mutant: Mutant | None, seconds: int) -> bool:
    """Prints the outcome of one copy, and returns whether it is the expected one."""
    try:
        outcome = hunt(mutant, seconds)
    except BrokenError as error:
        print(f"{name}: the simulation failed\n{error}", flush=True)
        return False
    print(f"{name}: {_text(outcome)}", flush=True)
    return bool(outcome.problem) == (mutant is not None)


def _text(outcome: Outcome) -> str:
    if not outcome.problem:
        return f"NOT FOUND by {outcome.clean} seeds"
    return f"found after {outcome.seconds:.1f} s: {outcome.problem[:200]} ({outcome.command})"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutants")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"mutants, or {UNCHANGED}; default all")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="of CPU for each")
    parser.add_argument("--jobs", type=int, default=2, help="copies at the same time")
    return parser
