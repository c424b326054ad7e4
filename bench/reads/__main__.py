"""CPU of the query handler per read, with canned answers of AWS, against another checkout of the product.

python -m bench.reads [--against CHECKOUT] [--points N] [--runs N]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.environment import ENVIRONMENT
from bench.reads.site import Size

ROOT = Path(__file__).parent.parent.parent
QUERIES = ("hot", "month", "neighbours", "spread", "year", "first")


class Worker:
    """A process with the code of one checkout."""

    def __init__(self, checkout: Path, folder: Path, size: Size) -> None:
        # The bench is this one, whatever checkout it measures.
        path = [ROOT, checkout / "functions", checkout / "layers/common/python"]
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "bench.reads.worker", str(folder), str(size.points), str(size.full)],
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
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=30)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.reads", description=__doc__)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--points", type=int, default=640)
    parser.add_argument("--full", type=int, default=10, help="groups with all their samples")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--files", type=Path, help="folder that keeps the day files for the next run")
    parser.add_argument("queries", nargs="*", default=QUERIES)
    options = parser.parse_args()
    size = Size(options.points, options.full)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.files or Path(temporary)
        checkouts = [ROOT, *([options.against] if options.against else [])]
        workers = [Worker(checkout, folder / checkout.name, size) for checkout in checkouts]
        for worker in workers:
            worker.read()
        for name in options.queries:
            results = [[worker.measure(name) for worker in workers] for _ in range(options.runs)]
            columns = list(zip(*results, strict=True))
            medians = [statistics.median(r["cpu_ms"] for r in column) for column in columns]
            requests = [column[-1]["requests"] for column in columns]
            same = len({r["digest"] for column in columns for r in column}) == 1
            ratio = f"{medians[0] / medians[1]:6.2f} of it" if len(medians) > 1 else ""
            print(
                f"  {name:<12}{columns[0][-1]['samples']:>10,} samples "
                + " ".join(f"{m:9.2f} ms {r:4d} requests" for m, r in zip(medians, requests, strict=True)),
                ratio,
                "" if same else "ANSWERS DIFFER",
                columns[0][-1].get("pandas", ""),
                flush=True,
            )
        for worker in workers:
            worker.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
