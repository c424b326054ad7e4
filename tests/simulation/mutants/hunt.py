"""Plays seeds until one finds something, in the process of one copy of the product.

`python -m tests.simulation.mutants.hunt NAME RESULT SECONDS`: NAME is that of the mutant, RESULT a file for
the outcome as JSON. The system ends the process when it has used SECONDS of CPU.
"""

import itertools
import json
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

from tests.simulation.command import play
from tests.simulation.mutants.catalogue import MUTANTS
from tests.simulation.mutants.scenarios import EVERY


def main(name: str, result: Path, seconds: int) -> None:
    """Writes the seeds that were clean, and the first problem with its seed and the seconds of CPU."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    scenarios = next((mutant.scenarios for mutant in MUTANTS if mutant.name == name), EVERY)
    for clean in itertools.count():
        scenario = scenarios[clean % len(scenarios)]
        scenario = replace(scenario, seed=scenario.seed + clean // len(scenarios))
        report = play(scenario, until_found=True)
        if not report.is_clean:
            outcome = {
                "clean": clean,
                "command": scenario.command,
                "seconds": time.process_time(),
                "problem": report.texts[0],
            }
            result.write_text(json.dumps(outcome))
            return
        result.write_text(json.dumps({"clean": clean + 1}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
