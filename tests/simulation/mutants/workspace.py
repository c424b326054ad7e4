"""A copy of the product with a planted fault, in which seeds are played."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.mutants.mutant import Mutant

ROOT = Path(__file__).parents[3]
_COPIED = ("functions", "layers/common/python", "local", "statemachine", "tests", "template.yaml")
_IGNORED = shutil.ignore_patterns("web", "integration", "functional", "unit", "browser")
_IMPORTED = (".", "functions", "layers/common/python")
_LOG_TAIL = 2_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many seeds were clean, and the problem of the next one, "" for none, after seconds of CPU.

    `command` plays that seed in the copy with the fault.
    """

    clean: int = 0
    command: str = ""
    seconds: float = 0.0
    problem: str = ""


class BrokenError(Exception):
    """The simulation itself failed; the text is the end of its output."""


def hunt(mutant: Mutant | None, seconds: int) -> Outcome:
    """Plays seeds in a copy with the fault, None for none, until one finds something or the time is used."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        root = Path(folder)
        _copy(root)
        if mutant:
            mutant.plant(root)
        return _played(root, mutant.name if mutant else "", seconds)


def _copy(root: Path) -> None:
    for name in _COPIED:
        source, target = ROOT / name, root / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=_IGNORED)
        else:
            shutil.copy2(source, target)


def _played(root: Path, name: str, seconds: int) -> Outcome:
    result, log = root / "result.json", root / "log.txt"
    path = os.pathsep.join(str(root / folder) for folder in _IMPORTED)
    command = [sys.executable, "-W", "ignore", "-m", "tests.simulation.mutants.hunt"]
    with log.open("wb") as output:
        ended = subprocess.run(
            [*command, name, str(result), str(seconds)],
            cwd=root,
            env=os.environ | {"PYTHONPATH": path, "PYTHONHASHSEED": "0"},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if ended.returncode not in (0, -signal.SIGXCPU, -signal.SIGKILL):
        raise BrokenError(log.read_text(errors="replace")[-_LOG_TAIL:])
    return Outcome(**json.loads(result.read_text())) if result.exists() else Outcome()
