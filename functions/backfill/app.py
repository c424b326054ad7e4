"""The backfill's handler: builds what its tasks work with, and hands each event to one call."""

import time
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from backfill.day import DayWorker
from backfill.planning import Planner
from backfill.summary import Summariser
from backfill.tasks import Tasks
from vitals import config, observability
from vitals.ace import connection
from vitals.aws import clients
from vitals.aws.stepfunctions import Executions
from vitals.pipeline.archiver import Archiver
from vitals.pipeline.ingest import Ingest
from vitals.store.control.circuit import CircuitTable
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.runs import RunTable
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.rollups import RollupTier
from vitals.store.tiers.staging import StagingArea

# What storing a day needs after the last of it is read, also where that is 20,000 blocks.
_RESERVE_S = 420

logger = observability.logger()
metrics = observability.metrics()
tracer = observability.tracer("requests")


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Does one task of the state machine."""
    try:
        return _tasks(context).handle(event)
    except Exception as error:
        logger.exception("task failed", event=event, error=type(error).__name__, reason=str(error))
        raise


def _tasks(context: LambdaContext) -> Tasks:
    settings, archiver, staging = _warm()
    dynamodb = clients.client("dynamodb")
    runs = RunTable(dynamodb, settings.state_table)
    planner = Planner(
        runs,
        Executions(clients.client("stepfunctions"), settings.state_machine_arn),
        archiver.ledger,
        archiver.catalogs,
        settings.sites,
        _now,
        settings.requests_per_minute,
        settings.concurrency,
    )

    def remaining_s() -> float:
        return context.get_remaining_time_in_millis() / 1000 - _RESERVE_S

    def worker() -> DayWorker:
        client = connection.client(settings, _now, remaining_s, logger.warning)
        ingest = Ingest(client, archiver.hot, archiver.ledger, _now)
        circuits = CircuitTable(dynamodb, settings.state_table, settings.ace_api_url)
        return DayWorker(runs, staging, archiver, ingest, circuits, remaining_s)

    return Tasks(planner, worker, Summariser(runs, staging, _now), logger, metrics)


@cache
def _warm() -> tuple[config.BackfillSettings, Archiver, StagingArea]:
    settings = config.load(config.BackfillSettings)
    dynamodb, s3 = clients.client("dynamodb"), clients.client("s3")
    archiver = Archiver(
        HotTier(dynamodb, settings.hot_table),
        ColdTier(s3, settings.cold_bucket, max_bytes=settings.max_day_file_bytes),
        RollupTier(dynamodb, settings.hot_table),
        CatalogTable(dynamodb, settings.state_table),
        Ledger(dynamodb, settings.state_table),
        _now,
        settings.hot_days,
    )
    return settings, archiver, StagingArea(s3, settings.cold_bucket)


def _now() -> int:
    return time.time_ns() // 1_000_000
