"""The sync's handler: builds what a sync works with, and hands each event to one call."""

import time
from functools import cache
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from etl.run import Etl
from etl.sync import Syncer
from vitals import config, observability
from vitals.ace import connection
from vitals.ace.pacing import Pace
from vitals.aws import clients
from vitals.aws.sqs import MessageQueue, content
from vitals.pipeline.ingest import Ingest
from vitals.store.control.circuit import CircuitTable
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.hot import HotTier

# A step of a large site takes about half a minute; what is left below this goes to the next message.
_SPARE_MS = 120_000
# What a sync needs to write what it has and to say that the upstream did not answer in time.
_RESERVE_S = 30
# MaximumConcurrency of the event source in the template: so many containers share the upstream's pace.
CONCURRENCY = 2

logger = observability.logger()
metrics = observability.metrics()
tracer = observability.tracer("requests")
processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Syncs what the event names; queue messages fail one by one."""

    def may_go_on() -> bool:
        return context.get_remaining_time_in_millis() > _SPARE_MS

    def handle(asked: dict[str, Any] | str, *, queued: bool) -> dict[str, Any]:
        try:
            message = content(asked) if isinstance(asked, str) else asked
            return _etl(context).handle(message, queued=queued, may_go_on=may_go_on)
        except Exception as error:
            logger.exception("sync failed", event=asked, error=type(error).__name__, reason=str(error))
            metrics.add_metric("SyncFailures", MetricUnit.Count, 1)
            raise

    def handle_record(record: SQSRecord) -> None:
        handle(record.body, queued=True)

    if "Records" in event:
        return process_partial_response(event, handle_record, processor, context)
    return handle(event, queued=False)


def _etl(context: LambdaContext) -> Etl:
    settings, parts, hot, ledger, pace = _warm()

    def remaining_s() -> float:
        return context.get_remaining_time_in_millis() / 1000 - _RESERVE_S

    def now() -> int:
        return time.time_ns() // 1_000_000

    ingest = Ingest(connection.client(settings, now, remaining_s, logger.warning, pace), hot, ledger, now)
    return Etl(Syncer(ingest=ingest, **parts), settings.sites, logger, metrics)


@cache
def _warm() -> tuple[config.EtlSettings, dict[str, Any], HotTier, Ledger, Pace]:
    settings = config.load(config.EtlSettings)
    dynamodb = clients.client("dynamodb")
    queue = MessageQueue(clients.client("sqs"), settings.sync_queue_url)
    parts = {
        "catalogs": CatalogTable(dynamodb, settings.state_table),
        "sites": SiteTable(dynamodb, settings.state_table),
        "circuits": CircuitTable(dynamodb, settings.state_table, settings.ace_api_url),
        "enqueue": queue.send,
        "journal": logger,
        "initial_lookback_ms": settings.initial_lookback_ms,
    }
    hot, ledger = HotTier(dynamodb, settings.hot_table), Ledger(dynamodb, settings.state_table)
    return settings, parts, hot, ledger, Pace(settings.requests_per_minute / CONCURRENCY, burst=5)
