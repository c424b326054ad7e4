"""The command of the simulation: plays seeds and prints what each found."""

import argparse
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from tests.simulation.oracle.problems import WRONG
from tests.simulation.run import Figures, Run
from tests.simulation.scenario import KINDS, Scenario
from tests.simulation.shrink import shrink

_TRIES = 16


@dataclass(frozen=True, slots=True)
class Report:
    """What a scenario came to: its figures, the numbers of problems, and the first of them in words."""

    scenario: Scenario
    figures: Figures
    counts: dict[str, int]
    texts: list[str]

    @property
    def is_clean(self) -> bool:
        return not any(self.counts.values())

    def __str__(self) -> str:
        figures, counts = self.figures, self.counts
        return (
            f"seed {self.scenario.seed}: {figures.samples} samples, {figures.faults.total()} faults, "
            f"{figures.queries} queries, "
            f"{counts['lost']} lost, {counts['doubled']} doubled, {counts['wrong']} wrong"
        )


def play(scenario: Scenario, *, until_found: bool = False) -> Report:
    """Plays a scenario to its end, or until a problem is found; an error of an oracle is one."""
    run = Run(scenario)
    try:
        run.play(until_found=until_found)
    except Exception as error:
        run.problems.add(WRONG, "the run ended with " + "".join(traceback.format_exception(error)))
    return Report(scenario, run.figures(), run.problems.counts, run.problems.texts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Plays the seeds and prints a line for each; returns 0 when all are clean."""
    parser = _parser()
    options = parser.parse_args(arguments)
    without = tuple(filter(None, options.without.split(",")))
    unknown = sorted(set(without) - set(KINDS))
    if unknown:
        parser.error(f"no faults are named {', '.join(unknown)}; the kinds are {', '.join(KINDS)}")
    scenarios = [
        Scenario(
            seed=seed,
            days=options.days,
            hot_days=options.hot_days,
            points=options.points,
            faults=options.faults,
            without=without,
            activity=options.activity,
        )
        for seed in _seeds(options.seeds or str(options.seed))
    ]
    clean = True
    with ProcessPoolExecutor(min(options.jobs, len(scenarios))) as pool:
        for report in pool.map(play, scenarios):
            clean = clean and report.is_clean
            _print(report, verbose=options.verbose, tries=options.shrink)
    return 0 if clean else 1


def _print(report: Report, *, verbose: bool, tries: int) -> None:
    print(report, flush=True)
    if verbose:
        figures = report.figures
        print(
            f"  {figures.kills} killed of {figures.invocations} invocations, "
            f"{figures.checked} checked, {figures.pages} further pages"
        )
        print("  " + ", ".join(f"{count} {kind}" for kind, count in figures.faults.most_common()))
        print("  " + ", ".join(f"{count} answers {status}" for status, count in figures.statuses.items()))
    for text in report.texts:
        print(f"  {text}")
    if not report.is_clean:
        print(f"  {report.scenario.command}", flush=True)
        smallest = shrink(report.scenario, _fails, tries)
        if smallest != report.scenario:
            print(f"  smaller: {smallest.command}", flush=True)


def _fails(scenario: Scenario) -> bool:
    return not play(scenario, until_found=True).is_clean


def _seeds(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", default="", help="first-last, instead of a seed")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--hot-days", type=int, default=2, help="HOT_DAYS of the product")
    parser.add_argument("--points", type=int, default=40)
    parser.add_argument(
        "--faults", type=float, default=1.0, help="times the usual rates of AWS and processes; 0 for none"
    )
    parser.add_argument(
        "--without", default="", help=f"kinds of faults that do not occur: {', '.join(KINDS)}"
    )
    parser.add_argument("--activity", type=float, default=1.0, help="times the usual changes and users")
    parser.add_argument("--jobs", type=int, default=1, help="seeds at a time")
    parser.add_argument("--shrink", type=int, default=_TRIES, help="tries to make a failing scenario smaller")
    parser.add_argument("--verbose", action="store_true", help="print the faults by kind")
    return parser
