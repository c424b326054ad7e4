"""A year and a month of one point through the handler, on moto: requests of all kinds, and its time."""

import gzip
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import boto3
import numpy as np
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from bench.query import CONTEXT, event
from query import app
from query.answers import Api
from query.catalogs import Catalogs
from query.flags import Flags
from query.sites import Sites
from query.timeseries.answer_cache import AnswerCache
from vitals import observability
from vitals.codec import day_file
from vitals.codec.day_file import Group
from vitals.codec.rollup import encode_day
from vitals.model.measures.cells import cells_of, holds_of
from vitals.model.points import ListedPoint
from vitals.model.samples import Samples
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span
from vitals.reading.executor import Executor
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.flags import FlagTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.query_cache import ResultCache
from vitals.store.tiers.rollups import RollupTier

DAYS = 365
HOT_DAYS = 20
MONTH = 31
POINTS = 128
SITE = "site"
_RUNS = 9
# No request here is for the status.
_UNUSED: Any = None


class NoAthena:
    """Fails the bench that reaches for it."""

    def raw(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("a year or a month of one point needs no Athena")


class Counted:
    """Requests that AWS clients sent, and the seconds that moto took to answer them."""

    def __init__(self) -> None:
        self.requests = 0
        self.moto_s = 0.0
        answer = BotocoreStubber.process_request

        def timed(stubber: Any, request: Any) -> Any:
            began = time.perf_counter()
            try:
                return answer(stubber, request)
            finally:
                self.moto_s += time.perf_counter() - began

        BotocoreStubber.process_request = timed  # type: ignore[assignment, method-assign]

    def client(self, service: Any) -> Any:
        client = boto3.client(service, region_name="us-east-1")
        client.meta.events.register("before-send", self._count)
        return client

    def _count(self, **_: Any) -> None:
        self.requests += 1


def figures(now_ms: int) -> dict[str, float]:
    """Requests and median seconds of a year at auto, and of a cold month raw."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
    with mock_aws():
        counted = Counted()
        dynamodb, s3 = counted.client("dynamodb"), counted.client("s3")
        create(dynamodb, s3)
        executor = Executor(
            HotTier(dynamodb, "hot"),
            ColdTier(s3, "cold-bucket"),
            RollupTier(dynamodb, "hot"),
            Ledger(dynamodb, "state"),
            NoAthena(),
        )
        _fill(executor, dynamodb, now_ms)

        def ask(span: Span, resolution: str) -> tuple[float, float, float, Any]:
            spent, of_moto = [], []
            for _ in range(_RUNS):
                executor.cold._footers.clear()
                serve(executor, dynamodb, None, now_ms)
                before, counted.moto_s, began = counted.requests, 0.0, time.perf_counter()
                answer = app.handler(event(SITE, "p000", span.start_ms, span.end_ms, resolution), CONTEXT)
                spent.append(time.perf_counter() - began)
                of_moto.append(counted.moto_s)
            total, moto = statistics.median(spent), statistics.median(of_moto)
            return counted.requests - before, total, moto, json.loads(answer["body"])

        midnight = now_ms - now_ms % DAY_MS
        year_requests, year_s, year_moto_s, year = ask(Span(now_ms - DAYS * DAY_MS, now_ms), "auto")
        first = midnight - (HOT_DAYS + 5 + MONTH) * DAY_MS
        month_span = Span(first, first + MONTH * DAY_MS)
        month_requests, month_s, _, month = ask(month_span, "raw")
        chart = _chart(executor, dynamodb, s3, month_span, now_ms)
    assert year["resolution"] == "1d" and "athena" not in year["metadata"]["sources"]
    assert month["metadata"]["sources"] == ["archive"]
    return {
        "year_rows": year["metadata"]["total_samples"],
        "year_requests": year_requests,
        "year_s": year_s,
        "year_moto_s": year_moto_s,
        "month_samples": month["metadata"]["total_samples"],
        "month_requests": month_requests,
        "month_s": month_s,
    } | chart


def _chart(executor: Executor, dynamodb: Any, s3: Any, span: Span, now_ms: int) -> dict[str, float]:
    """A month of ten points as a chart of 1,000 pixels: its size, and its time with and without the cache."""
    serve(executor, dynamodb, ResultCache(s3, "cold-bucket"), now_ms)
    names = ",".join(f"p{i:03}" for i in range(10))
    request = event(SITE, names, span.start_ms, span.end_ms, "auto", width="1000")
    spent: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * _RUNS):
        if number % 2 == 0:
            executor.cold._footers.clear()
            for item in s3.list_objects_v2(Bucket="cold-bucket", Prefix="cache/").get("Contents", []):
                s3.delete_object(Bucket="cold-bucket", Key=item["Key"])
        began = time.perf_counter()
        answer = app.handler(request, CONTEXT)
        took = time.perf_counter() - began
        body = answer["body"].encode()
        metadata = json.loads(body)["metadata"]
        spent[metadata["cache_hit"]].append(took)
    assert (metadata["method"], metadata["samples_read"]) == ("m4", 10 * MONTH * DAY_MS // MINUTE_MS)
    miss_s, hit_s = (statistics.median(spent[hit]) for hit in (False, True))
    return {
        "chart_samples": metadata["samples_read"],
        "chart_rows": metadata["samples_returned"],
        "chart_bytes": len(body),
        "chart_gzip_bytes": len(gzip.compress(body, 6)),
        "chart_miss_s": miss_s,
        "chart_hit_s": hit_s,
    }


def serve(executor: Executor, dynamodb: Any, results: ResultCache | None, now_ms: int) -> None:
    """Makes the handler answer from these tiers, with the memory of a function that was just started."""
    api = Api(
        executor=executor,
        catalogs=Catalogs(CatalogTable(dynamodb, "state"), lambda: now_ms),
        sites=Sites(SiteTable(dynamodb, "state"), (SITE,), lambda: now_ms),
        now=lambda: now_ms,
        max_range_days=366,
        cache=AnswerCache(results, lambda: now_ms, observability.logger().warning),
        status_reader=_UNUSED,
        quality_files=_UNUSED,
        flags=Flags(lambda: FlagTable(dynamodb, "state")),
    )
    app.api.connect = lambda: api


def create(dynamodb: Any, s3: Any) -> None:
    for table, sort, kind in (("hot", "w", "N"), ("state", "sk", "S")):
        dynamodb.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": sort, "AttributeType": kind},
            ],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": sort, "KeyType": "RANGE"},
            ],
        )
    s3.create_bucket(Bucket="cold-bucket")


def _fill(executor: Executor, dynamodb: Any, now_ms: int) -> None:
    """A year of settled days with rollups, a month of it with files, and today hot."""
    midnight = now_ms - now_ms % DAY_MS
    names = [f"p{i:03}" for i in range(POINTS)]
    CatalogTable(dynamodb, "state").refresh(SITE, [ListedPoint(name) for name in names])
    SiteTable(dynamodb, "state").record_catalog(SITE, "Site", POINTS, now_ms)
    first_file = midnight - (HOT_DAYS + 5 + MONTH) * DAY_MS
    for day_ms in range(midnight - DAYS * DAY_MS, midnight, DAY_MS):
        samples = _day(day_ms, 1)
        edges = np.arange(day_ms, day_ms + DAY_MS + 1, HOUR_MS)
        payload = encode_day(cells_of(samples, edges, np.full(len(samples), holds_of(60))), 60)
        executor.rollups.write(SiteDay(SITE, day_ms), {0: payload}, day_ms)
        facts: dict[str, Any] = {
            "status": "done",
            "began_ms": day_ms + DAY_MS + HOUR_MS,
            "changed_ms": day_ms + DAY_MS,
            "expires_ms": day_ms + (HOT_DAYS + 1) * DAY_MS,
            "etag": "etag",
        }
        executor.ledger.update_archive(SiteDay(SITE, day_ms), **facts)
        if first_file <= day_ms < first_file + MONTH * DAY_MS:
            put_file(executor.cold, SiteDay(SITE, day_ms), names, _day(day_ms, POINTS))
    today = _day(midnight, 64)
    executor.ledger.mark_changed(SITE, [midnight], now_ms)
    executor.hot.write(SITE, today[today.times < now_ms], now_ms)


def put_file(cold: ColdTier, day: SiteDay, names: list[str], samples: Samples) -> None:
    """Writes the day's file, of samples whose ids are indexes of the names."""
    groups = [
        Group(
            names[start : start + 64],
            Samples(group.ids - np.int32(start), group.times, group.values),
        )
        for start in range(0, len(names), 64)
        for group in [samples[(samples.ids >= start) & (samples.ids < start + 64)]]
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "day.parquet"
        written = day_file.write(file, day.site, day.date, groups)
        cold.put(day, file, written.contents)


def _day(day_ms: int, points: int) -> Samples:
    """Temperatures, as float32, a reading a minute."""
    minutes = DAY_MS // MINUTE_MS
    random = np.random.default_rng(day_ms // DAY_MS)
    steps = random.normal(0, 0.05, (points, minutes)).cumsum(axis=1)
    values = (70 + steps).astype(np.float32).astype(np.float64)
    ids = np.repeat(np.arange(points, dtype=np.int32), minutes)
    times = np.tile(day_ms + np.arange(minutes, dtype=np.int64) * MINUTE_MS, points)
    return Samples(ids, times, values.ravel())
