"""Measures through the handler: a meter's year in local days, and running hours of fans.

    python -m bench.measures

Prints requests and CPU of the handler as JSON; the answers of AWS are canned.
"""

import json
import os
import statistics
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from moto import mock_aws

from bench import tiers
from bench.environment import ENVIRONMENT
from bench.measures.canned import Canned
from bench.measures.series import FANS, FIRST_MS, fans, meter
from bench.query import CONTEXT, event
from query import app
from vitals.codec.rollup import encode_day
from vitals.model.measures.cells import cells_of, holds_of
from vitals.model.points import ListedPoint
from vitals.model.samples import Samples
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, Span
from vitals.reading.executor import Executor
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.rollups import RollupTier

SITE = tiers.SITE
_RUNS = 15


def main() -> None:
    """Prints the figures."""
    os.environ |= ENVIRONMENT
    print(json.dumps(_figures()))


def _figures() -> dict[str, float]:
    figures: dict[str, float] = {}
    year, month = (Span(FIRST_MS + DAY_MS, FIRST_MS + count * DAY_MS) for count in (366, 32))
    cases = [
        ("chicago", meter(368), year, "America/Chicago", "increase", 1),
        ("kolkata", meter(368), year, "Asia/Kolkata", "increase", 1),
        ("falls", meter(368, falls=True), year, "America/Chicago", "increase", 1),
        ("fans", fans(34), month, "America/Chicago", "runtime", FANS),
    ]
    for name, samples, span, zone, measure, points in cases:
        with mock_aws():
            figures |= _measured(name, samples, span, zone, measure, points)
    return figures


def _measured(
    name: str, samples: Samples, span: Span, zone: str, measure: str, points: int
) -> dict[str, float]:
    canned = Canned()
    executor, dynamodb = _stored(canned, samples, points)
    names = ",".join(f"p{i:03}" for i in range(points))
    request = event(SITE, names, span.start_ms, span.end_ms, "1d", timezone=zone, measure=measure)
    tiers.serve(executor, dynamodb, None, FIRST_MS + 500 * DAY_MS)
    answers = list(_answers(canned, executor, request))
    cpu_ms = statistics.median(answer["cpu_ms"] for answer in answers[1:])
    return {f"{name}_{key}": value for key, value in (answers[-1] | {"cpu_ms": cpu_ms}).items()}


def _answers(canned: Canned, executor: Executor, request: dict[str, Any]) -> Iterator[dict[str, float]]:
    for _ in range(1 + _RUNS):
        executor.cold._footers.clear()
        before, canned.own_s, began_s = canned.requests, 0.0, time.process_time()
        reply = app.handler(request, CONTEXT)
        cpu_s = time.process_time() - began_s - canned.own_s
        answer: Mapping[str, Any] = json.loads(reply["body"])
        assert "error" not in answer and answer["metadata"]["next_token"] is None, answer
        yield {
            "cpu_ms": cpu_s * 1000,
            "requests": canned.requests - before,
            "rows": answer["metadata"]["total_samples"],
        }
        canned.recording = False


def _stored(canned: Canned, samples: Samples, points: int) -> tuple[Executor, Any]:
    """Archives the days of the samples: rollups, and files for those that are read file by file."""
    dynamodb, s3 = canned.client("dynamodb"), canned.client("s3")
    tiers.create(dynamodb, s3)
    executor = Executor(
        HotTier(dynamodb, "hot"),
        ColdTier(s3, "cold-bucket"),
        RollupTier(dynamodb, "hot"),
        Ledger(dynamodb, "state"),
        tiers.NoAthena(),
    )
    names = [f"p{i:03}" for i in range(points)]
    listed = [ListedPoint(name, interval_s=60, unit="" if points > 1 else "kWh") for name in names]
    CatalogTable(dynamodb, "state").refresh(SITE, listed)
    sites = SiteTable(dynamodb, "state")
    sites.record_catalog(SITE, "Site", points, FIRST_MS)
    last_ms = int(samples.times.max())
    sites.advance(SITE, None, Span(FIRST_MS, last_ms - last_ms % HOUR_MS), {})
    for day_ms in range(FIRST_MS, last_ms, DAY_MS):
        inside = samples[(samples.times >= day_ms) & (samples.times < day_ms + DAY_MS)]
        _archive(executor, SiteDay(SITE, day_ms), inside, names)
    return executor, dynamodb


def _archive(executor: Executor, day: SiteDay, samples: Samples, names: list[str]) -> None:
    edges = np.arange(day.day_ms, day.span.end_ms + 1, HOUR_MS)
    hours = cells_of(samples, edges, np.full(len(samples), holds_of(60)))
    payloads = {point: encode_day(hours[hours.rows.ids == point], 60) for point in range(len(names))}
    executor.rollups.write(day, payloads, day.day_ms)
    facts: dict[str, Any] = {
        "status": "done",
        "began_ms": day.span.end_ms + HOUR_MS,
        "changed_ms": day.span.end_ms,
        "expires_ms": day.span.end_ms,
        "etag": "etag",
    }
    executor.ledger.update_archive(day, **facts)
    if len(names) == 1:
        tiers.put_file(executor.cold, day, names, samples)


if __name__ == "__main__":
    main()
