"""moto for AWS, the simulator in process for ACE, and one clock that tests move."""

import dataclasses
import functools
import logging
import os
import pickle
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import botocore.session
import pytest
from aws_lambda_powertools import Logger
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.botocore_stubber import BotocoreStubber
from moto.dynamodb.models import dynamodb_backends
from urllib3.util.retry import Retry

from etl.receipt import Receipt
from etl.sync import Syncer
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from operations import oracle
from query.answer_cache import AnswerCache
from query.answers import Api
from query.catalogs import Catalogs
from query.status import StatusReader
from tests.support.template import create_table
from vitals.ace.client import AceClient
from vitals.ace.pacing import Pace
from vitals.aws.runtime import Runtime
from vitals.aws.sqs import DeadLetters
from vitals.model.samples import Samples
from vitals.model.timespan import HOUR_MS, Span, iso
from vitals.pipeline.ingest import Ingest
from vitals.reading.executor import Executor
from vitals.store.control.circuit import CircuitTable
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.rollups import RollupTier

NOON = 1_767_225_600_000 + 12 * HOUR_MS
SITE = "ses_falls_city"


@dataclass
class Clock:
    """UTC ms that only tests move."""

    now_ms: int = NOON + 61_000

    def __call__(self) -> int:
        return self.now_ms

    def forward(self, minutes: float) -> None:
        self.now_ms += int(minutes * 60_000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True, scope="session")
def models() -> Iterator[None]:
    """Each test has a session of boto3's own, which would read the models of the services anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", functools.cache(botocore.session.create_loader))
        yield


def _one_request_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB applies an update whole; moto's threads see one another's half-made items."""
    lock, process = threading.RLock(), BotocoreStubber.process_request

    def locked(stubber: BotocoreStubber, request: Any) -> Any:
        with lock:
            return process(stubber, request)

    monkeypatch.setattr(BotocoreStubber, "process_request", locked)


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    _one_request_at_a_time(monkeypatch)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws(config={"core": {"passthrough": {"urls": [r"http://127\.0\.0\.1.*"]}}}):
        yield


@pytest.fixture
def logged() -> Iterator[list[logging.LogRecord]]:
    """What the functions log; their handlers keep the stdout of the time at which they were imported."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append  # type: ignore[method-assign]
    logger = logging.getLogger(os.environ["POWERTOOLS_SERVICE_NAME"])
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)


@pytest.fixture
def dynamodb(aws: None) -> Any:
    client = boto3.client("dynamodb")
    create_table(client, "HotTable")
    create_table(client, "StateTable")
    return client


@pytest.fixture
def simulator(clock: Clock) -> Iterator[Simulator]:
    with Simulator(SimulatorSettings(points=40, sites=(SITE,)), clock=clock) as running:
        yield running


@dataclass
class Journal:
    warnings: list[str] = field(default_factory=list)

    def warning(self, message: str, **fields: Any) -> None:
        self.warnings.append(message)


@dataclass
class World:
    """A syncer over moto and the simulator, with what it sent and what the truth is."""

    syncer: Syncer
    simulator: Simulator
    clock: Clock
    client: Any
    sent: list[dict[str, str]] = field(default_factory=list)
    journal: Journal = field(default_factory=Journal)

    def sync(self, max_steps: int = 48) -> Receipt:
        receipt = Receipt(SITE)
        self.syncer.sync_site(receipt, max_steps, lambda: True)
        return receipt

    def reread(self, span: Span) -> Receipt:
        receipt = Receipt(SITE)
        self.syncer.sync_span(receipt, span)
        return receipt

    def drain(self, limit: int = 100) -> None:
        """Runs every message that was sent, and what these send, as the queue would."""
        from etl import events

        for _ in range(limit):
            if not self.sent:
                return
            event = events.parse(self.sent.pop(0), self.clock())
            if isinstance(event, events.OneSpan):
                self.reread(event.span)
            else:
                self.sync(1)
        raise AssertionError("the queue never drains")

    def api(self) -> Api:
        return query_api(self.client, self.clock, upstream=self.simulator.url)

    def stored(self, span: Span) -> dict[tuple[str, int], bytes]:
        """Every stored sample but the weather's, by name and time, values to the bit."""
        catalog = self.syncer.catalogs.load(SITE)
        samples: Samples = self.syncer.ingest.hot.read(
            SITE, [p.id for p in catalog.points], span, self.clock()
        )
        names = {p.id: p.name for p in catalog.points}
        return {
            (names[point], time_ms): value.tobytes()
            for point, time_ms, value in zip(
                samples.ids.tolist(), samples.times.tolist(), samples.values, strict=True
            )
            if not names[point].startswith("weather.")
        }

    def truth(self, span: Span) -> dict[tuple[str, int], bytes]:
        """The same from the simulator's own books, by the oracle's rules."""
        series = self.simulator.site_series(SITE, span.start_ms, span.end_ms, self.clock())
        readings = [
            {"name": name, "value": value, "time": iso(time_ms)}
            for name, (times, values) in series.items()
            for time_ms, value in zip(times.tolist(), values, strict=True)
        ]
        configured = {item["name"] for item in self.syncer.ingest.ace.configured_points(SITE).items}
        return {key: struct.pack("<d", value) for key, value in oracle.expected(readings, configured).items()}


def _tables() -> dict[str, Any]:
    return dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables  # type: ignore[no-any-return]


def saved_tables() -> bytes:
    """The items of all tables of moto."""
    return pickle.dumps({name: table.items for name, table in _tables().items()})


def restore_tables(saved: bytes) -> None:
    """Puts the items back into new tables of these names, without a request for each."""
    for name, items in pickle.loads(saved).items():
        _tables()[name].items = items


class NoAthena:
    """Fails the test that reaches for it."""

    def raw(self, *_: Any) -> Any:
        raise AssertionError("nothing here is wide enough for Athena")


def executor(dynamodb: Any, bulk: Any = None) -> Executor:
    """The query's tiers on moto."""
    return Executor(
        HotTier(dynamodb, "HotTable"),
        ColdTier(boto3.client("s3"), "cold-bucket"),
        RollupTier(dynamodb, "HotTable"),
        Ledger(dynamodb, "StateTable"),
        bulk or NoAthena(),
    )


def query_api(
    dynamodb: Any, clock: Clock, sites: tuple[str, ...] = (SITE,), upstream: str = "http://ace/api"
) -> Api:
    """The query API on moto, over the queues of what was given up that the template has."""
    sites_table = SiteTable(dynamodb, "StateTable")
    sqs = boto3.client("sqs")
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("sync", "archive", "export")}
    status_reader = StatusReader(
        sites_table,
        Ledger(dynamodb, "StateTable"),
        CircuitTable(dynamodb, "StateTable", upstream),
        DeadLetters(lambda: sqs, urls),
        Logger().warning,
    )
    return Api(
        enabled_sites=sites,
        executor=executor(dynamodb),
        catalogs=Catalogs(CatalogTable(dynamodb, "StateTable"), clock),
        sites=sites_table,
        now=clock,
        max_range_days=365,
        cache=AnswerCache(None, clock, Logger().warning),
        status_reader=status_reader,
    )


@pytest.fixture
def make_world(dynamodb: Any, simulator: Simulator, clock: Clock) -> Callable[..., World]:
    def make(**changes: Any) -> World:
        sent: list[dict[str, str]] = []
        journal = Journal()
        pace = Pace(60_000, burst=1_000)
        retry = Retry(total=3, status_forcelist=[429, 500, 502, 503, 504], respect_retry_after_header=False)
        ingest = Ingest(
            AceClient(simulator.url, simulator.settings.api_key, pace, retry=retry),
            HotTier(dynamodb, "HotTable", runtime=Runtime(sleep=lambda _: None)),
            Ledger(dynamodb, "StateTable"),
            clock,
        )
        syncer = Syncer(
            ingest=ingest,
            catalogs=CatalogTable(dynamodb, "StateTable"),
            sites=SiteTable(dynamodb, "StateTable"),
            circuits=CircuitTable(dynamodb, "StateTable", simulator.url),
            enqueue=sent.extend,
            journal=journal,
            initial_lookback_ms=2 * HOUR_MS,
        )
        return World(dataclasses.replace(syncer, **changes), simulator, clock, dynamodb, sent, journal)

    return make


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()
