"""Plays scenarios until one finds something, in the process of one copy of the product.

`python -m tests.simulation.mutants.hunt TASK RESULT`: the files of a Task, and of the Outcome so far. The
system ends the process when it has used the seconds of CPU of the task.
"""

import resource
import sys
import time
from pathlib import Path

from tests.simulation.command import play
from tests.simulation.mutants.task import Outcome, Task


def main(task: Task, result: Path) -> None:
    """Writes the number of clean scenarios after each of them, and the first problem."""
    if task.seconds:
        resource.setrlimit(resource.RLIMIT_CPU, (task.seconds, task.seconds + 1))
    for clean, scenario in enumerate(task.played()):
        report = play(scenario, until_found=True)
        if not report.is_clean:
            outcome = Outcome(clean, report.texts[0], scenario, time.process_time())
            result.write_text(outcome.to_json())
            return
        result.write_text(Outcome(clean + 1).to_json())


if __name__ == "__main__":
    main(Task.from_json(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
