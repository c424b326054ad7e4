"""The archiving's handler: builds what it works with, and hands each event to one call."""

import time
from functools import cache
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from archival.reconcile import ReconcilingArchiver
from archival.run import Archival
from vitals import config, observability
from vitals.ace import connection
from vitals.ace.pacing import Pace
from vitals.aws import clients
from vitals.aws.sqs import MessageQueue, content
from vitals.pipeline.archiver import Archiver
from vitals.pipeline.ingest import Ingest
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.rollups import RollupTier

# What archiving needs after the upstream has answered.
_RESERVE_S = 300

logger = observability.logger()
metrics = observability.metrics()
tracer = observability.tracer("requests")
processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Archives the day that the event names, or sends the days that are due."""

    def handle(asked: dict[str, Any] | str) -> dict[str, Any]:
        try:
            message = content(asked) if isinstance(asked, str) else asked
            return _archival(context).handle(message)
        except Exception as error:
            logger.exception("archiving failed", event=asked, error=type(error).__name__, reason=str(error))
            metrics.add_metric("ArchiveFailures", MetricUnit.Count, 1)
            raise

    def handle_record(record: SQSRecord) -> None:
        handle(record.body)

    if "Records" in event:
        return process_partial_response(event, handle_record, processor, context)
    return handle(event)


def _archival(context: LambdaContext) -> Archival:
    settings, hot, cold, rollups, pace = _warm()
    dynamodb = clients.client("dynamodb")
    ledger, sites = Ledger(dynamodb, settings.state_table), SiteTable(dynamodb, settings.state_table)

    def now() -> int:
        return time.time_ns() // 1_000_000

    def remaining_s() -> float:
        return context.get_remaining_time_in_millis() / 1000 - _RESERVE_S

    ingest = None
    if settings.reconcile:
        ingest = Ingest(connection.client(settings, now, remaining_s, logger.warning, pace), hot, ledger, now)
    catalogs = CatalogTable(dynamodb, settings.state_table)
    archiver = Archiver(hot, cold, rollups, catalogs, ledger, now, settings.hot_days)
    queue = MessageQueue(clients.client("sqs"), settings.archive_queue_url)
    return Archival(
        ReconcilingArchiver(archiver, ingest),
        ledger,
        sites,
        cold,
        settings.sites,
        queue.send,
        now,
        logger,
        metrics,
    )


@cache
def _warm() -> tuple[config.ArchivalSettings, HotTier, ColdTier, RollupTier, Pace]:
    settings = config.load(config.ArchivalSettings)
    dynamodb = clients.client("dynamodb")
    return (
        settings,
        HotTier(dynamodb, settings.hot_table),
        ColdTier(clients.client("s3"), settings.cold_bucket, max_bytes=settings.max_day_file_bytes),
        RollupTier(dynamodb, settings.hot_table),
        Pace(settings.requests_per_minute / 2, burst=5),
    )
