"""Responses of the query API when a service below it fails, as docs/api.md describes them.

Tests of an unreachable AWS are in http/test_failing_tiers, those of a failing cache in test_charts.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import IncompleteReadError
from moto.core.botocore_stubber import MockRawResponse

from local.athena.server import executing
from query import app
from query.answers import Api
from query.catalogs import Catalogs
from query.sites import Sites
from tests.support.archiving import Archive, archive, expire, names_of, settle, simulator
from tests.support.athena_archive import Clock as Seconds
from tests.support.athena_archive import stuck
from tests.support.clock import Clock
from tests.support.http_calls import Answer, Caller
from tests.support.sites import SITE
from tests.support.template import create_archive
from vitals.aws import clients
from vitals.aws.athena import Athena
from vitals.aws.runtime import Runtime
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, iso
from vitals.reading.athena import AthenaReader
from vitals.reading.executor import Executor
from vitals.store import keys
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.rollups import RollupTier

__all__ = ["archive", "simulator", "stuck"]

DAY = 1_767_225_600_000
WHOLE = Span(DAY, DAY + DAY_MS)
BEFORE = Span(DAY - 8 * HOUR_MS, DAY + DAY_MS)
_BODIES = {
    "dynamodb": json.dumps({"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"}).encode(),
    "s3": b"<Error><Code>SlowDown</Code></Error>",
}
_STATUS = {"dynamodb": 400, "s3": 503}


@dataclass
class Stage:
    """The query function over an archived day, whose AWS clients are those of production."""

    archive: Archive
    clients: dict[str, Any]
    api: Api
    refused: int = 0

    def ask(self, span: Span = WHOLE) -> Answer:
        query = {
            "site_name": [SITE],
            "point_names": names_of(self.archive),
            "start_time": [iso(span.start_ms)],
            "end_time": [iso(span.end_ms)],
            "resolution": ["raw"],
        }
        return Caller(app.handler, "/timeseries/query", "", None)(query=query)  # type: ignore[arg-type]

    def refuse(self, service: str, times: int) -> None:
        """Lets a service refuse its next requests as AWS does when it is asked too much."""

        def refusal(request: Any, **_: Any) -> AWSResponse | None:
            if self.refused >= times:
                return None
            self.refused += 1
            raw = MockRawResponse(_BODIES[service])
            return AWSResponse(request.url, _STATUS[service], {}, raw)

        self.clients[service].meta.events.register_first(f"before-send.{service}", refusal)

    def spoil(self, day_ms: int) -> None:
        """Leaves something else where the day's file was."""
        key = keys.day_file(SiteDay(SITE, day_ms))
        boto3.client("s3").put_object(Bucket="cold-bucket", Key=key, Body=b"PAR1 and then nothing")


@pytest.fixture
def stage(archive: Archive, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The day and the evening before it are archived, and their blocks are gone."""
    settle(archive)
    archive.archiver.archive(SiteDay(SITE, DAY - DAY_MS))
    clock.now_ms = DAY + 25 * DAY_MS
    expire(archive)
    # The pauses between attempts.
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
    caches = (clients.made_client, clients._session)
    for cached in caches:
        cached.cache_clear()
    dynamodb, s3 = (clients.client(name, clients.PROMPT) for name in ("dynamodb", "s3"))
    tiers = Executor(
        HotTier(dynamodb, "HotTable"),
        ColdTier(s3, "cold-bucket"),
        RollupTier(dynamodb, "HotTable"),
        Ledger(dynamodb, "StateTable"),
        None,  # type: ignore[arg-type]
    )
    catalogs = Catalogs(CatalogTable(dynamodb, "StateTable"), clock)
    sites = Sites(SiteTable(dynamodb, "StateTable"), (SITE,), clock)
    api = replace(archive.world.api(), executor=tiers, catalogs=catalogs, sites=sites)
    monkeypatch.setattr(app.api, "connect", lambda: api)
    monkeypatch.setattr(app.api, "origins", lambda: ())
    yield Stage(archive, {"dynamodb": dynamodb, "s3": s3}, api)
    for cached in caches:
        cached.cache_clear()


def series(answer: Answer) -> Any:
    assert answer.status == 200, answer.text
    return json.loads(answer.text)["series"]


@pytest.mark.parametrize("service", ["dynamodb", "s3"])
def test_a_briefly_refusing_service_is_retried(stage: Stage, service: str) -> None:
    expected = series(stage.ask())
    stage.refuse(service, 2)
    assert series(stage.ask()) == expected
    assert stage.refused == 2


@pytest.mark.parametrize("service", ["dynamodb", "s3"])
def test_a_refusing_service_is_a_503(stage: Stage, service: str) -> None:
    assert series(stage.ask(BEFORE))
    stage.refuse(service, 1_000)
    answer = stage.ask(BEFORE)
    assert answer.error == (503, "UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) > 0
    assert stage.refused >= 3


def test_a_body_that_breaks_off_is_a_503(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: Any, **__: Any) -> bytes:
        raise IncompleteReadError(actual_bytes=1, expected_bytes=2)

    monkeypatch.setattr("botocore.response.StreamingBody.read", read)
    assert stage.ask(BEFORE).error == (503, "UNAVAILABLE")


def test_an_unreadable_day_among_good_ones_is_named(stage: Stage) -> None:
    whole = series(stage.ask(BEFORE))
    stage.spoil(DAY)
    answer = stage.ask(BEFORE)
    counts = [sum(time_ms < DAY for time_ms in item["timestamps"]) for item in whole]
    assert [len(item["timestamps"]) for item in series(answer)] == counts
    assert sum(counts) > 0
    [detail] = json.loads(answer.text)["warning_details"]
    assert (detail["code"], detail["day"]) == ("DAY_UNREADABLE", iso(DAY)[:10])
    # It may be readable a moment later.
    assert "ETag" not in answer.headers
    assert answer.headers["Cache-Control"] == "private, max-age=20"


def test_nothing_but_unreadable_days_is_a_502(stage: Stage) -> None:
    stage.spoil(DAY)
    stage.spoil(DAY - DAY_MS)
    assert stage.ask(BEFORE).error == (502, "ARCHIVE_UNREADABLE")


@pytest.fixture
def wide(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Has Athena asked for every file; gives its last query."""
    athena = boto3.client("athena")
    names = create_archive(boto3.client("s3"), boto3.client("glue"), athena)
    seconds = Seconds()
    engine = Athena(
        names["GlueDatabase"],
        names["AthenaWorkGroup"],
        clients.PROMPT,
        runtime=Runtime(monotonic=seconds.monotonic, sleep=seconds.sleep),
    )
    reader = AthenaReader(engine, names["ColdBucket"], names["GlueTable"])
    stage.api.executor = replace(stage.api.executor, bulk=reader)
    monkeypatch.setattr("vitals.reading.archive.MAX_FILES", 0)

    def last() -> Any:
        [*_, execution] = athena.list_query_executions(WorkGroup=names["AthenaWorkGroup"])[
            "QueryExecutionIds"
        ]
        return athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"]["Status"]["State"]

    with executing():
        yield last


def test_a_queued_athena_query_is_a_504(stage: Stage, wide: Callable[[], str], stuck: None) -> None:
    assert stage.ask().error == (504, "TIMEOUT")
    assert wide() == "CANCELLED"


def test_an_athena_that_works_is_a_200(stage: Stage, wide: Callable[[], str]) -> None:
    answer = stage.ask()
    assert (answer.status, json.loads(answer.text)["metadata"]["sources"]) == (200, ["athena"])
    assert wide() == "SUCCEEDED"


def test_an_athena_that_fails_is_a_502(stage: Stage, wide: Callable[[], str]) -> None:
    glue = boto3.client("glue")
    [database] = [resource["Name"] for resource in glue.get_databases()["DatabaseList"]]
    tables = [resource["Name"] for resource in glue.get_tables(DatabaseName=database)["TableList"]]
    table = "samples"
    assert table in tables
    glue.delete_table(DatabaseName=database, Name=table)
    answer = stage.ask()
    assert answer.error == (502, "ARCHIVE_UNREADABLE")
    assert table not in answer.text
    assert wide() == "FAILED"
