"""Backfills by the real state machine's definition on moto."""

import dataclasses
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from aws_lambda_powertools import Logger

from backfill.api.answers import BackfillAnswers
from backfill.day import DayWorker
from backfill.planning import Planner
from backfill.rebuild_day import DayRebuilder
from backfill.runs import Runs
from backfill.summary import Summariser
from backfill.tasks import Tasks
from tests.support.sites import SITE
from tests.support.state_machine import Execution, TaskError
from tests.support.world import World
from vitals.aws.runtime import SYSTEM
from vitals.aws.stepfunctions import Executions
from vitals.model.records.tokens import Grant
from vitals.model.timespan import (
    DAY_MS,
    HOUR_MS,
    Span,
    day_name,
    floor_window,
)
from vitals.pipeline.archiver import Archiver
from vitals.pipeline.page_spans import PagePlan
from vitals.reading.request import QueryRequest
from vitals.store.control.circuit import CircuitTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.runs import RunTable
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.quality_files import QualityFiles
from vitals.store.tiers.rollups import RollupTier
from vitals.store.tiers.staging import StagingArea

TODAY = 1_767_225_600_000
READER = Grant("charts", frozenset({"read"}), frozenset({"*"}))
OPERATOR = Grant("ops", frozenset({"backfill"}), frozenset({SITE}))


@dataclasses.dataclass
class Backfill:
    """The tasks of a backfill over a world that was synced two hours back from TODAY 12:01."""

    world: World
    tasks: Tasks
    worker: DayWorker
    executions: Executions
    runs: RunTable

    def execute(self, start: str, end: str, name: str = "run", **changes: Any) -> Execution:
        """One execution, its tasks' errors as the platform would name them."""

        def invoke(payload: dict[str, Any]) -> dict[str, Any]:
            try:
                return self.tasks.handle(payload)
            except Exception as error:
                raise TaskError(type(error).__name__) from error

        changes = {"site": SITE, "start_date": start, "end_date": end} | changes
        return Execution(invoke, changes, name=name).run()

    def api(self, run: str = "") -> BackfillAnswers:
        """The API, which gives its runs this id, or a new one each."""
        new_id = (lambda: run) if run else SYSTEM.new_id
        return BackfillAnswers(self.tasks.planner, self.tasks.runs, new_id)

    def day(self, name: str, run: str = "run") -> Any:
        return self.runs.day(run, name)

    def answers(self, span: Span) -> dict[tuple[str, int], bytes]:
        """Every sample that the query API answers with, weather apart; none twice."""
        api, samples = self.world.api(), {}
        names = sorted(n for n in self.world.syncer.catalogs.load(SITE).active_ids if "weather." not in n)
        for piece in span.pieces(DAY_MS):
            token = None
            for _ in range(50):
                request = QueryRequest(SITE, names, piece.start_ms, piece.end_ms, "raw", None, token)
                answer = api.query(READER, request).answer
                assert answer["warnings"] == []
                for series in answer["series"]:
                    for time_ms, value in zip(series["timestamps"].tolist(), series["values"], strict=True):
                        assert (series["point_name"], time_ms) not in samples
                        samples[series["point_name"], time_ms] = value.tobytes()
                token = answer["metadata"]["next_token"]
                if token is None:
                    break
        return samples

    def assert_exact(self, span: Span) -> None:
        """Up to the last window that is over."""
        span = Span(span.start_ms, min(span.end_ms, floor_window(self.world.clock())))
        assert self.answers(span) == self.world.truth(span)

    def staged(self) -> list[str]:
        listed = boto3.client("s3").list_objects_v2(Bucket="cold-bucket", Prefix="staging/")
        return [item["Key"] for item in listed.get("Contents", [])]

    def upstream_requests(self) -> int:
        """How many requests the upstream has answered."""
        stats = self.world.simulator.stats()
        return sum(sum(statuses.values()) for statuses in stats.values())

    def blocks(self, span: Span) -> int:
        rows = self.world.client.scan(TableName="HotTable")["Items"]
        inside = (int(row["w"]["N"]) for row in rows if "#rollup#" not in row["pk"]["S"])
        return sum(span.start_ms <= time_ms < span.end_ms for time_ms in inside)


def read_by_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets backfills read a span for each hour of a day, as if its readings fitted no more."""

    def next_page(remaining: Span, density: Any, largest: int) -> PagePlan:
        return PagePlan((next(remaining.pieces(HOUR_MS)),), largest)

    monkeypatch.setattr("backfill.plan_day.next_page", next_page)


def days_ago(days: int) -> str:
    return day_name(TODAY - days * DAY_MS)


def whole(first: int, last: int = 0) -> Span:
    """From the day `first` days ago to the end of the one `last` days ago."""
    return Span(TODAY - first * DAY_MS, TODAY - last * DAY_MS + DAY_MS)


@pytest.fixture
def backfill(make_world: Callable[..., World]) -> Backfill:
    s3, sfn = boto3.client("s3"), boto3.client("stepfunctions")
    s3.create_bucket(Bucket="cold-bucket")
    s3.put_bucket_versioning(Bucket="cold-bucket", VersioningConfiguration={"Status": "Enabled"})
    machine = sfn.create_state_machine(
        name="building-vitals-backfill",
        definition='{"StartAt":"a","States":{"a":{"Type":"Succeed"}}}',
        roleArn="arn:aws:iam::123456789012:role/r",
    )["stateMachineArn"]
    world = make_world()
    world.fill_once("backfill", world.sync)
    now, client = world.clock, world.client
    executions, runs = Executions(sfn, machine), RunTable(client, "StateTable")
    staging = StagingArea(s3, "cold-bucket")
    archiver = Archiver(
        HotTier(client, "HotTable"),
        ColdTier(s3, "cold-bucket"),
        RollupTier(client, "HotTable"),
        QualityFiles(s3, "cold-bucket"),
        world.syncer.catalogs,
        Ledger(client, "StateTable"),
        now,
        12,
    )
    circuits = CircuitTable(client, "StateTable", world.simulator.url)
    worker = DayWorker(
        runs, staging, archiver, world.syncer.ingest, circuits, lambda: 600, progress_interval_s=0
    )
    planner = Planner(archiver.ledger, archiver.catalogs, world.syncer.sites, (SITE, "unsynced"), 50, 2)
    made = Backfill(world, None, worker, executions, runs)  # type: ignore[arg-type]
    made.tasks = Tasks(
        planner,
        Runs(runs, executions, now),
        lambda key_group: made.worker,
        DayRebuilder(runs, archiver),
        Summariser(runs, staging, now),
        Logger(service="test"),
    )
    return made
