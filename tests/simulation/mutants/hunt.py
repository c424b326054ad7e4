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

SCENARIO = Scenario(seed=1, days=2, hot_days=1, points=12, faults=3.0, activity=6.0)
"""Small and busy: most faults need a race or a death at the wrong time."""


def main(result: Path, seconds: int) -> None:
    """Writes the seeds that were clean, and the first problem with its seed and the seconds of CPU."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    for seed in itertools.count(1):
        report = play(replace(SCENARIO, seed=seed), until_found=True)
        if not report.is_clean:
            outcome = {"clean": seed - 1, "seconds": time.process_time(), "problem": report.texts[0]}
            result.write_text(json.dumps(outcome))
            return
        result.write_text(json.dumps({"clean": seed}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
