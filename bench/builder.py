"""The day builder over a whole day of blocks, from DynamoDB's answers to the file, in its own process."""

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.archive import peak_mb
from bench.table import MemoryTable
from vitals.model.points import Catalog, ListedPoint
from vitals.model.samples import Samples
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS
from vitals.pipeline.day_builder import build_day
from vitals.store.tiers.hot import HotTier

POINTS = 4_583
DAY = 1_767_225_600_000
SITE = "site"


def main() -> None:
    """Fills a day of one-minute readings, builds it, and prints the figures as JSON."""
    table = MemoryTable()
    hot = HotTier(table.client(), "HotTable")
    random = np.random.default_rng(1)
    level = 70 + random.normal(0, 5, POINTS)
    for hour_ms in range(DAY, DAY + DAY_MS, HOUR_MS):
        samples, level = _hour(hour_ms, level, random)
        hot.write(SITE, samples, hour_ms)
    catalog = Catalog().refreshed(ListedPoint(f"p{i:05}") for i in range(POINTS))
    table.read_units, table.requests = 0.0, 0
    no_file: Any = None
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        sink = Path(folder) / "day.parquet"
        built = build_day(
            SiteDay(SITE, DAY), catalog, hot=hot, cold=no_file, existing=None, sink=sink, now_ms=DAY
        )
        spent = time.process_time() - began
        size = (Path(folder) / "day.parquet").stat().st_size
    figures = {
        "samples": built.written.contents.rows,
        "bytes": size,
        "blocks": len(built.blocks),
        "rollups": len(built.rollups),
        "rollup_bytes": sum(map(len, built.rollups.values())),
        "requests": table.requests,
        "read_units": table.read_units,
        "build_s": spent,
        "peak_mb": peak_mb(),
    }
    print(json.dumps(figures))


def _hour(hour_ms: int, level: Any, random: np.random.Generator) -> tuple[Samples, Any]:
    """An hour of slowly moving decimals, as gateways write them, and where they stand at its end."""
    steps = random.normal(0, 0.05, (POINTS, 60)).cumsum(axis=1) + level[:, None]
    ids = np.repeat(np.arange(POINTS, dtype=np.int32), 60)
    times = np.tile(hour_ms + np.arange(60, dtype=np.int64) * MINUTE_MS, POINTS)
    return Samples(ids, times, np.round(steps, 2).ravel()), steps[:, -1]


if __name__ == "__main__":
    main()
