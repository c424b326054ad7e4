"""The exports' worker: builds what it works with, and hands each event to one call."""

import time
import uuid
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from exports.convert import MAX_FILE_BYTES
from exports.queues import ExportQueues
from exports.run import MOST_RECEIVES, Exports
from exports.sources import ArchiveSource, DaySource, Source
from exports.unload import ArchiveUnload
from exports.work import ExportWorker
from vitals import config, observability
from vitals.aws import clients
from vitals.aws.athena import Athena
from vitals.aws.sqs import MessageQueue, content
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.exports import ExportTable
from vitals.store.state.ledger import Ledger
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.export_files import ExportFiles
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.rollups import RollupTier

logger = observability.logger()
metrics = observability.metrics()
tracer = observability.tracer()
processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Goes on with the export that the event names; from the console an error is its end."""

    def handle(asked: dict[str, Any] | str, receives: int) -> dict[str, Any]:
        try:
            message = content(asked) if isinstance(asked, str) else asked
            return Exports(lambda: _worker(context), logger, metrics).handle(message, receives)
        except Exception as error:
            logger.exception("export failed", event=asked, error=type(error).__name__, reason=str(error))
            raise

    def handle_record(record: SQSRecord) -> None:
        handle(record.body, int(record.attributes.approximate_receive_count or 1))

    if "Records" in event:
        return process_partial_response(event, handle_record, processor, context)
    return handle(event, MOST_RECEIVES)


def _worker(context: LambdaContext) -> ExportWorker:
    settings, sources = _warm()
    dynamodb, sqs = clients.client("dynamodb"), clients.client("sqs")
    queues = ExportQueues(MessageQueue(sqs, settings.queue_high_url), MessageQueue(sqs, settings.queue_url))
    return ExportWorker(
        ExportTable(dynamodb, settings.state_table),
        ExportFiles(clients.client("s3"), settings.cold_bucket),
        CatalogTable(dynamodb, settings.state_table),
        sources,
        queues.send,
        _now,
        lambda: context.get_remaining_time_in_millis() / 1000,
        lambda: uuid.uuid4().hex,
        MAX_FILE_BYTES,
    )


@cache
def _warm() -> tuple[config.ExportSettings, dict[str, Source]]:
    settings = config.load(config.ExportSettings)
    dynamodb, s3 = clients.client("dynamodb"), clients.client("s3")
    cold = ColdTier(s3, settings.cold_bucket, max_bytes=settings.max_day_file_bytes)
    athena = Athena(settings.glue_database, settings.athena_workgroup, clients.CONFIG)
    hot, catalogs = HotTier(dynamodb, settings.hot_table), CatalogTable(dynamodb, settings.state_table)
    ledger, rollups = Ledger(dynamodb, settings.state_table), RollupTier(dynamodb, settings.hot_table)
    unload = ArchiveUnload(athena, s3, settings.cold_bucket, settings.glue_table)
    return settings, {
        "archive": ArchiveSource(unload, cold, ledger, rollups),
        "day": DaySource(hot, cold, catalogs, ledger, _now),
    }


def _now() -> int:
    return time.time_ns() // 1_000_000
