"""Plays seeds until one finds something, in the process of one copy of the product.

`python -m tests.simulation.mutants.hunt RESULT SECONDS`: RESULT is a file for the outcome as JSON. The
process is ended by the system when it has used SECONDS of CPU.
"""

import itertools
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from tests.simulation.run import Run
from tests.simulation.scenario import Scenario

DAYS = 2
HOT_DAYS = 1
POINTS = 12
FAULTS = 2.0
"""Times the usual rates: races and deaths are what most faults need."""


def main(result: Path, seconds: int) -> None:
    """Writes the seeds that were clean, and the first problem with its seed and the seconds of CPU."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    for seed in itertools.count(1):
        problem = play(seed)
        outcome: dict[str, Any] = {"clean": seed}
        if problem:
            outcome = {"clean": seed - 1, "seconds": time.process_time(), "problem": problem}
        result.write_text(json.dumps(outcome))
        if problem:
            return


def play(seed: int) -> str:
    """Returns the first problem of a seed, "" for none."""
    run = Run(Scenario(seed=seed, days=DAYS, hot_days=HOT_DAYS, points=POINTS, faults=FAULTS))
    run.play(until_found=True)
    return next(iter(run.problems.texts), "")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
