"""A small world for the tests of the store oracle: the product's stores over the servers in memory."""

import io
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from tests.simulation.ace.deliveries import Delivery
from tests.simulation.ace.readings import Batch
from tests.simulation.aws import errors
from tests.simulation.aws.cloud import Cloud, Direct
from tests.simulation.aws.dynamodb import DynamoDB, TableKeys
from tests.simulation.aws.s3 import S3
from tests.simulation.oracle.fetches import Fetches
from tests.simulation.oracle.problems import Problems
from tests.simulation.oracle.stores import StoreOracle
from tests.simulation.stack import BUCKET, Invocation
from tests.support.template import template
from vitals.aws.clients import CONFIG
from vitals.aws.runtime import Runtime
from vitals.codec import day_file
from vitals.codec.day_file import Group
from vitals.model import point_set
from vitals.model.points import ListedPoint
from vitals.model.samples import from_columns
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, WINDOW_MS, Span, day_start, floor_window
from vitals.pipeline.archiver import Archiver
from vitals.store import keys
from vitals.store.stores import Stores

SITE = "plant_one"
DAY = SiteDay(SITE, day_start("2026-03-10"))
NAMES = ("boiler", "chiller")

type Rows = Mapping[str, Mapping[int, float]]
"""Values by time (UTC ms), by name."""


class Inline(Executor):
    """A pool that makes each call at once."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(function(*arguments, **named))
        return future


class DirectClient(Direct):
    """A client that also has the exceptions of botocore's."""

    def __init__(self, service: str, server: Any) -> None:
        super().__init__(server)
        self.exceptions = errors.exceptions(service)


@dataclass
class World:
    """Servers, stores and the oracle; `now_ms` is the time of all of them."""

    now_ms: int = DAY.span.end_ms
    problems: Problems = field(default_factory=Problems)
    fetches: Fetches = field(default_factory=Fetches)

    def __post_init__(self) -> None:
        resources = template()["Resources"]
        tables = {
            name: TableKeys.of_properties(resources[name]["Properties"])
            for name in ("HotTable", "StateTable")
        }
        self.dynamodb = DynamoDB(tables, lambda: self.now_ms, Random(1))
        self.s3 = S3(lambda: self.now_ms, Random(2))
        cloud = SimpleNamespace(dynamodb=self.dynamodb, s3=self.s3)
        self.oracle = StoreOracle(
            cloud=cast(Cloud, cloud),
            sites=(SITE,),
            hot_days=2,
            fetches=self.fetches,
            problems=self.problems,
            now_ms=lambda: self.now_ms,
        )
        servers = {"dynamodb": self.dynamodb, "s3": self.s3}
        runtime = Runtime(
            now_ms=lambda: self.now_ms,
            pool=lambda workers, name: Inline(),
            client=lambda service, config=None: DirectClient(service, servers[service]),
        )
        settings = SimpleNamespace(
            hot_table="HotTable", state_table="StateTable", cold_bucket=BUCKET, max_day_file_bytes=2**28
        )
        self.stores = Stores.connect(settings, runtime, CONFIG)
        self.archiver = Archiver.connect(self.stores, runtime, 2)
        self.stores.catalogs.refresh(SITE, map(ListedPoint, NAMES))

    def fetch(self, rows: Rows) -> None:
        """Serves and stores samples, as an invocation that succeeds does."""
        job = object()
        names = frozenset(NAMES)
        self.fetches.served(job, self._delivery(rows), names)
        triples = [
            (NAMES.index(name), time_ms, value)
            for name, samples in rows.items()
            for time_ms, value in samples.items()
        ]
        planned = self.stores.hot.plan(SITE, from_columns(*zip(*triples, strict=True)), self.now_ms)
        self.stores.ledger.mark_changed(SITE, planned.windows, self.now_ms)
        receipt = self.stores.hot.apply(planned)
        counts = {window_ms: count for (_, window_ms), count in receipt.counts.items()}
        polled = Span(min(counts), max(counts) + WINDOW_MS)
        self.stores.ledger.record(SITE, polled, counts, point_set.from_ids(range(len(NAMES))))
        self.fetches.ended(job, self.now_ms, {SITE: names})

    def archive(self) -> None:
        """Archives the day an hour later."""
        self.now_ms += HOUR_MS
        self.archiver.archive(DAY)
        self.now_ms += 1_000

    def check(self) -> list[str]:
        """Returns what a check after a step finds."""
        step = SimpleNamespace(function="ArchivalFunction", error=None)
        self.oracle.check(cast(Invocation, step))
        return self.problems.texts

    def put_file(self, rows: Rows, *, announced: bool = True) -> None:
        """Replaces the day's file by one with other rows."""
        self.now_ms += 1_000
        if announced:
            self.stores.ledger.update_archive(DAY, status="building")
        sink = io.BytesIO()
        names = sorted(rows)
        columns = [
            (names.index(name), time_ms, value)
            for name in names
            for time_ms, value in sorted(rows[name].items())
        ]
        samples = from_columns(*zip(*columns, strict=True))
        day_file.write(sink, SITE, DAY.date, [Group(names, samples)])
        request = {"Bucket": BUCKET, "Key": keys.day_file(DAY), "Body": sink.getvalue()}
        self.s3.call("put_object", request)

    def set_item(self, table: str, key: Mapping[str, Any], **attributes: Any) -> None:
        """Sets attributes of an item, whatever the product thinks of it."""
        item = self.dynamodb.get(table, key) or dict(key)
        self.dynamodb.call("put_item", {"TableName": table, "Item": item | attributes})

    def _delivery(self, rows: Rows) -> Delivery:
        windows: dict[int, list[tuple[str, int, float]]] = {}
        for name, samples in rows.items():
            for time_ms, value in samples.items():
                windows.setdefault(floor_window(time_ms), []).append((name, time_ms, value))
        batches = [Batch(window_ms, (), tuple(samples), "") for window_ms, samples in windows.items()]
        span = Span(DAY.day_ms, DAY.day_ms + DAY_MS)
        return Delivery(SITE, span, 1, "", self.now_ms, batches)


def readings(minutes: int = 90, first: float = 20.0) -> dict[str, dict[int, float]]:
    """Returns a sample a minute of both points."""
    return {
        name: {DAY.day_ms + 60_000 * minute: first + number + minute % 7 / 10 for minute in range(minutes)}
        for number, name in enumerate(NAMES)
    }
