"""Plays seeds until one finds something, in the process of one copy of the product.

`python -m tests.simulation.mutants.hunt RESULT SECONDS`: RESULT is a file for the outcome as JSON. The
process is ended by the system when it has used SECONDS of CPU.
"""

import itertools
import json
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

from tests.simulation.command import play
from tests.simulation.scenario import Scenario

_DEATHS = ("kill_before", "kill_after", "unavailable", "lost_for_good")
_REPEATS = ("refused", "lost_request", "unsent", "upstream")
SCENARIOS = (
    Scenario(seed=1, days=1, hot_days=1, points=20, faults=8.0, activity=10.0, without=(*_DEATHS, *_REPEATS)),
    Scenario(seed=2, days=2, hot_days=1, points=12, faults=3.0, activity=6.0),
)
"""Played in turn: in the first processes are slow, so that they race, in the second they die."""


def main(result: Path, seconds: int) -> None:
    """Writes the seeds that were clean, and the first problem with its seed and the seconds of CPU."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    for seed in itertools.count(1):
        report = play(replace(SCENARIOS[(seed - 1) % len(SCENARIOS)], seed=seed), until_found=True)
        if not report.is_clean:
            outcome = {"clean": seed - 1, "seconds": time.process_time(), "problem": report.texts[0]}
            result.write_text(json.dumps(outcome))
            return
        result.write_text(json.dumps({"clean": seed}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
