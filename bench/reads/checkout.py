"""Processes that measure reads, each with the code of one checkout."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

from bench.environment import ENVIRONMENT
from bench.reads.site import Size

ROOT = Path(__file__).parent.parent.parent
QUERIES = ("hot", "month", "neighbours", "spread", "year", "first")
# Sizes of sites; a footer of more than 5,000 points is longer than what is read of a file's end.
GROWTH = [Size(points, full=8) for points in (500, 2_000, 4_583, 10_000)]


class Checkout:
    """A process with the code of one checkout."""

    def __init__(self, root: Path, folder: Path, size: Size) -> None:
        # The bench is this one, whatever checkout it measures.
        path = [ROOT, root / "functions", root / "layers/common/python"]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "bench.reads.worker", str(folder), *map(str, astuple(size))],
            env=os.environ | ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(map(str, path))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def read(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the worker ended"
        figures: dict[str, Any] = json.loads(line)
        return figures

    def measure(self, name: str) -> dict[str, Any]:
        assert self._process.stdin
        self._process.stdin.write(name + "\n")
        self._process.stdin.flush()
        return self.read()

    def close(self) -> None:
        self._process.communicate(timeout=30)


def growth() -> Iterator[tuple[Size, str, dict[str, Any]]]:
    """Yields the figures of each query, by its name, in sites of growing size."""
    for size in GROWTH:
        with tempfile.TemporaryDirectory() as folder:
            checkout = Checkout(ROOT, Path(folder), size)
            checkout.read()
            for name in QUERIES:
                yield size, name, checkout.measure(name)
            checkout.close()
