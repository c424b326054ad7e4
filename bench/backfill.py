"""One backfilled day, from the upstream's bytes to the verified file; run in a process of its own."""

import json
import os
import sys
import time
from typing import Any

from moto import mock_aws

from backfill.day import DayWorker
from bench.archive import peak_mb
from bench.tiers import Counted, create
from vitals.ace.client import AceClient
from vitals.ace.pacing import Pace
from vitals.ace.points import listed_from_ace
from vitals.aws.runtime import SYSTEM
from vitals.model.records.runs import Run
from vitals.pipeline.archiver import Archiver
from vitals.pipeline.ingest import Ingest
from vitals.store.control.circuit import CircuitTable
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.runs import RunTable
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.quality_files import QualityFiles
from vitals.store.tiers.rollups import RollupTier
from vitals.store.tiers.staging import StagingArea

SITE = "ses_falls_city"


def figures(url: str, api_key: str, day: str, now_ms: int) -> dict[str, float]:
    """Returns what reading, staging, building and verifying the day takes, moto's own time included."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
    with mock_aws(config={"core": {"passthrough": {"urls": [r"http://127\.0\.0\.1.*"]}}}):
        counted = Counted()
        dynamodb, s3 = counted.client("dynamodb"), counted.client("s3")
        create(dynamodb, s3)
        worker = _worker(dynamodb, s3, AceClient(url, api_key, Pace(60_000, burst=1_000)), now_ms)
        points = worker.ingest.ace.configured_points(SITE).items
        worker.archiver.catalogs.refresh(SITE, map(listed_from_ace, points))
        worker.runs.create(Run("bench", site=SITE, started_ms=now_ms, days_total=1))
        counted.requests, listing = 0, worker.ingest.ace.requests
        before, began = peak_mb(), time.process_time()
        worker.work("bench", day)
        spent = time.process_time() - began
        [run_day] = worker.runs.days("bench")
    return {
        "samples": run_day.samples,
        "upstream_requests": worker.ingest.ace.requests - listing,
        "aws_requests": counted.requests,
        "cpu_s": spent,
        "started_mb": before,
        "peak_mb": peak_mb(),
    }


def _worker(dynamodb: Any, s3: Any, ace: AceClient, now_ms: int) -> DayWorker:
    def now() -> int:
        return now_ms

    archiver = Archiver(
        HotTier(dynamodb, "hot"),
        ColdTier(s3, "cold-bucket"),
        RollupTier(dynamodb, "hot"),
        QualityFiles(s3, "cold-bucket"),
        CatalogTable(dynamodb, "state"),
        Ledger(dynamodb, "state"),
        now,
        20,
    )
    return DayWorker(
        RunTable(dynamodb, "state"),
        StagingArea(s3, "cold-bucket"),
        archiver,
        Ingest(ace, archiver.hot, archiver.ledger, now, SYSTEM.pool),
        CircuitTable(dynamodb, "state", "bench"),
        lambda: 600,
    )


if __name__ == "__main__":
    url, api_key, day, now_ms = sys.argv[1:]
    print(json.dumps(figures(url, api_key, day, int(now_ms))))
