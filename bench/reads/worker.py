"""Answers queries of the bench from canned answers of AWS, and prints what each took.

    python -m bench.reads.worker FOLDER POINTS FULL_GROUPS DAYS

FOLDER is for the day files of the month. Reads the name of a query a line; prints its figures as JSON.
"""

import hashlib
import json
import os
import pickle
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from moto import mock_aws

from bench import tiers
from bench.measures.canned import Canned
from bench.query import CONTEXT
from bench.reads import site
from bench.reads.site import Size
from query import app
from vitals.reading.executor import Executor
from vitals.store.state.ledger import Ledger
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.rollups import RollupTier

_RUNS = 9


def main(arguments: list[str]) -> None:
    """Answers the queries that are named on standard input."""
    folder, size = Path(arguments[0]), Size(*map(int, arguments[1:]))
    with mock_aws():
        product = Product(size, folder)
        print(json.dumps({"ready": True}), flush=True)
        for line in sys.stdin:
            name = line.strip()
            figures = product.first(folder) if name == "first" else product.measured(name)
            print(json.dumps(figures), flush=True)


class Product:
    """A site whose tiers answer from memory."""

    def __init__(self, size: Size, folder: Path) -> None:
        self._size = size
        self._canned = Canned()
        dynamodb, s3 = self._canned.client("dynamodb"), self._canned.client("s3")
        tiers.create(dynamodb, s3)
        self._executor = executor(dynamodb, s3)
        site.month_files(size, folder)
        site.fill(self._executor, dynamodb, size, folder)
        tiers.serve(self._executor, dynamodb, None, site.NOW_MS)

    def measured(self, name: str) -> dict[str, Any]:
        """Returns the requests and the median CPU of a query, in a function that is warm."""
        request = site.queries(self._size)[name]
        spent, requests, digest, read = [], 0, "", 0
        self._canned.recording = True
        for _ in range(1 + _RUNS):
            self._executor.cold._footers.clear()
            before, self._canned.own_s, began_s = self._canned.requests, 0.0, time.process_time()
            reply = app.handler(request, CONTEXT)
            spent.append(time.process_time() - began_s - self._canned.own_s)
            requests = self._canned.requests - before
            digest, read = checked(reply)
            self._canned.recording = False
        return {
            "cpu_ms": statistics.median(spent[1:]) * 1000,
            "requests": requests,
            "samples": read,
            "digest": digest,
        }

    def first(self, folder: Path) -> dict[str, Any]:
        """Returns the CPU of the first read of an archive in a process that has read the hot tier."""
        events = site.queries(self._size)
        self._canned.recording = True
        for name in ("hot", "first"):
            self._executor.cold._footers.clear()
            app.handler(events[name], CONTEXT)
        file = folder / f"answers-{os.getpid()}.pickle"
        file.write_bytes(pickle.dumps((self._canned._answers, events["hot"], events["first"])))
        done = subprocess.run(
            [sys.executable, "-m", "bench.reads.first", str(file)], stdout=subprocess.PIPE, check=True
        )
        figures: dict[str, Any] = json.loads(done.stdout)
        return figures


def executor(dynamodb: Any, s3: Any) -> Executor:
    try:
        from vitals.store.tiers.footers import FooterTable

        cold = ColdTier(s3, "cold-bucket", footers=FooterTable(dynamodb, "state"))
    except ImportError:  # A checkout of before them.
        cold = ColdTier(s3, "cold-bucket")
    return Executor(
        HotTier(dynamodb, "hot"),
        cold,
        RollupTier(dynamodb, "hot"),
        Ledger(dynamodb, "state"),
        tiers.NoAthena(),
    )


def checked(reply: Any) -> tuple[str, int]:
    """Returns a digest of the series, which is the same whatever code answers, and the samples read."""
    answer = json.loads(reply["body"])
    assert "error" not in answer and answer["metadata"]["next_token"] is None, answer
    series = json.dumps(
        [[s["point_name"], s["timestamps"], s.get("values"), s.get("means")] for s in answer["series"]]
    )
    return hashlib.sha256(series.encode()).hexdigest()[:16], answer["metadata"]["samples_read"]


if __name__ == "__main__":
    main(sys.argv[1:])
