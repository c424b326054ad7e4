"""The command of the simulation: runs seeds and prints what each found."""

import argparse
import time
from collections.abc import Sequence

from tests.simulation.run import Run, Scenario


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 when every seed is clean."""
    options = _parser().parse_args(arguments)
    failed = 0
    for seed in _seeds(options.seeds or str(options.seed)):
        failed += _play(
            Scenario(
                seed=seed,
                days=options.days,
                hot_days=options.hot_days,
                points=options.points,
                faults=options.faults,
            )
        )
    return 1 if failed else 0


def _play(scenario: Scenario) -> bool:
    """Plays a scenario and prints its figures; returns whether something was wrong."""
    began_s = time.process_time()
    run = Run(scenario)
    figures = run.play()
    counts = run.problems.counts
    print(
        f"seed {scenario.seed}: {figures.samples} samples, {figures.faults.total()} faults, "
        f"{figures.queries} queries, "
        f"{counts['lost']} lost, {counts['doubled']} doubled, {counts['wrong']} wrong"
    )
    for text in run.problems.texts:
        print(f"  {text}")
    print("\n".join(run.api.errors[:5]))
    print(figures, f"{time.process_time() - began_s:.1f} s")
    return run.problems.total > 0


def _seeds(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", default="", help="first-last")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--hot-days", type=int, default=2)
    parser.add_argument("--points", type=int, default=40)
    parser.add_argument("--faults", type=float, default=1.0, help="times the usual rates; 0 for none")
    return parser
