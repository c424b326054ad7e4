"""A copy of the product with a planted fault, in which scenarios are played."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.simulation.mutants.mutant import Mutant
from tests.simulation.mutants.task import Outcome, Task

ROOT = Path(__file__).parents[3]
_COPIED = ("functions", "layers/common/python", "local", "statemachine", "tests", "template.yaml")
_IGNORED = shutil.ignore_patterns("web", "integration", "functional", "unit", "browser")
_IMPORTED = (".", "functions", "layers/common/python")
_LOG_TAIL = 2_000


class BrokenError(Exception):
    """The simulation itself failed; the text is the end of its output."""


@contextmanager
def planted(mutant: Mutant | None) -> Iterator[Path]:
    """Yields the folder of a copy with the fault, or without one; removes it afterwards."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        root = Path(folder)
        _copy(root)
        if mutant:
            mutant.plant(root)
        yield root


def played(root: Path, task: Task) -> Outcome:
    """Plays scenarios in a copy; BrokenError when the simulation itself fails."""
    with tempfile.TemporaryDirectory(prefix="task-") as folder:
        tasks, result, log = (Path(folder) / name for name in ("task.json", "result.json", "log.txt"))
        tasks.write_text(task.to_json())
        path = os.pathsep.join(str(root / name) for name in _IMPORTED)
        command = [sys.executable, "-W", "ignore", "-m", "tests.simulation.mutants.hunt", tasks, result]
        with log.open("wb") as output:
            ended = subprocess.run(
                command,
                cwd=root,
                env=os.environ | {"PYTHONPATH": path, "PYTHONHASHSEED": "0"},
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if ended.returncode not in (0, -signal.SIGXCPU):
            raise BrokenError(f"exit {ended.returncode}: {log.read_text(errors='replace')[-_LOG_TAIL:]}")
        return Outcome.from_json(result.read_text()) if result.exists() else Outcome()


def _copy(root: Path) -> None:
    for name in _COPIED:
        source, target = ROOT / name, root / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=_IGNORED)
        else:
            shutil.copy2(source, target)
