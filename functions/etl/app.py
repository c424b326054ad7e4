"""The sync's handler: builds what a sync works with, and hands each event to one call."""

import json
import time
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from etl.run import Etl, SyncQueue
from etl.sync import Syncer
from vitals import aws, config, observability
from vitals.catalog import CatalogTable
from vitals.circuit import CircuitTable
from vitals.hot import HotTier
from vitals.ledger import Ledger
from vitals.sites import SiteTable
from vitals.upstream import AceClient, Pace

# A step of a large site takes about half a minute; what is left below this goes to the next message.
_SPARE_MS = 120_000

logger = observability.logger()
metrics = observability.metrics()
tracer = observability.tracer()
processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Syncs what the event names; queue messages fail one by one."""

    def may_go_on() -> bool:
        return context.get_remaining_time_in_millis() > _SPARE_MS

    def handle(record: SQSRecord) -> None:
        _etl().handle(json.loads(record.body), queued=True, may_go_on=may_go_on)

    if "Records" in event:
        return process_partial_response(event, handle, processor, context)
    return _etl().handle(event, queued=False, may_go_on=may_go_on)


def _etl() -> Etl:
    # Imported here because it brings boto3 along, which costs a cold start more than all the rest.
    from aws_lambda_powertools.utilities import parameters

    settings, parts, pace = _warm()
    key = parameters.get_secret(settings.ace_secret_id, max_age=300)
    ace = AceClient(settings.ace_api_url, str(key), pace)
    return Etl(Syncer(ace=ace, **parts), settings.sites, logger, metrics)


@cache
def _warm() -> tuple[config.EtlSettings, dict[str, Any], Pace]:
    settings = config.etl()
    dynamodb = aws.client("dynamodb")
    queue = SyncQueue(aws.client("sqs"), settings.sync_queue_url)
    parts = {
        "hot": HotTier(dynamodb, settings.hot_table),
        "catalogs": CatalogTable(dynamodb, settings.state_table),
        "sites": SiteTable(dynamodb, settings.state_table),
        "ledger": Ledger(dynamodb, settings.state_table),
        "circuits": CircuitTable(dynamodb, settings.state_table, settings.ace_api_url),
        "now": lambda: time.time_ns() // 1_000_000,
        "enqueue": queue.send,
        "journal": logger,
        "initial_lookback_ms": settings.initial_lookback_ms,
    }
    return settings, parts, Pace(settings.requests_per_minute)
