"""moto for AWS, the simulator in process for ACE, and one clock that tests move."""

import dataclasses
import logging
import os
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from urllib3.util.retry import Retry

from etl.sync import Syncer
from local.ace_simulator.settings import SimulatorSettings
from local.ace_simulator.simulator import Simulator
from tests.support import aws_caches
from tests.support.clock import Clock
from tests.support.iam.recorder import RECORDER
from tests.support.moto_aws import like_aws
from tests.support.sites import SITE
from tests.support.template import create_table
from tests.support.world import Journal, World
from vitals.ace.client import AceClient
from vitals.ace.pacing import Pace
from vitals.aws import clients
from vitals.aws.runtime import SYSTEM, Runtime
from vitals.model.timespan import HOUR_MS
from vitals.pipeline.ingest import Ingest
from vitals.store.control.circuit import CircuitTable
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.hot import HotTier


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True, scope="session")
def models() -> Iterator[None]:
    """Each test has a session of boto3's own, which would read the models of the services anew."""
    with pytest.MonkeyPatch.context() as patch:
        aws_caches.share(patch)
        yield


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    like_aws(monkeypatch)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws(config={"core": {"passthrough": {"urls": [r"http://127\.0\.0\.1.*"]}}}):
        yield


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer may take as long as the machine needs: the clock of its time limit stands still."""
    monkeypatch.setattr(clients.deadline, "_monotonic", lambda: 0.0)


@pytest.fixture(autouse=True)
def policies(aws: None) -> Iterator[None]:
    """Denies what the policy of a handler's function does not allow; a denied call fails the test."""
    before = len(RECORDER.denied)
    with RECORDER.recording():
        yield
    assert RECORDER.denied[before:] == []


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
            SYSTEM.pool,
        )
        syncer = Syncer(
            ingest=ingest,
            catalogs=CatalogTable(dynamodb, "StateTable"),
            sites=SiteTable(dynamodb, "StateTable"),
            circuits=CircuitTable(dynamodb, "StateTable", simulator.url),
            enqueue=sent.extend,
            log=journal,
            initial_lookback_ms=2 * HOUR_MS,
            catalog_every_ms=HOUR_MS,
        )
        return World(dataclasses.replace(syncer, **changes), simulator, clock, dynamodb, sent, journal)

    return make


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()
