"""The handler of the exports' routes."""

import time
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from exports.api import routes
from exports.api.exports_api import ExportsApi
from exports.files import ExportFiles
from exports.queues import ExportQueues
from vitals import aws, config, observability
from vitals.catalog import CatalogTable
from vitals.edge import serve
from vitals.exports import ExportTable
from vitals.http import handle_errors
from vitals.ledger import Ledger
from vitals.queue import MessageQueue
from vitals.sites import SiteTable
from vitals.strict import refuse_unknown

logger = observability.logger()
metrics = observability.metrics()
tracer = observability.tracer()
app = APIGatewayRestResolver(enable_validation=True)
handle_errors(app, logger)
refuse_unknown(app)
app.include_router(routes.router)


@logger.inject_lambda_context(clear_state=True)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answers one request of API Gateway's proxy integration."""
    app.append_context(api=_api())
    answer = serve(app, event, context, _origins())
    metrics.add_metric(f"Answers{answer['statusCode'] // 100}xx", MetricUnit.Count, 1)
    return answer


@cache
def _origins() -> tuple[str, ...]:
    return config.http().allowed_origins


@cache
def _api() -> ExportsApi:
    settings = config.export_api()
    dynamodb, sqs = aws.client("dynamodb", aws.PROMPT), aws.client("sqs", aws.PROMPT)
    return ExportsApi(
        ExportTable(dynamodb, settings.state_table),
        ExportFiles(aws.client("s3", aws.PROMPT), settings.cold_bucket),
        SiteTable(dynamodb, settings.state_table),
        CatalogTable(dynamodb, settings.state_table),
        Ledger(dynamodb, settings.state_table),
        ExportQueues(MessageQueue(sqs, settings.queue_high_url), MessageQueue(sqs, settings.queue_url)),
        lambda: time.time_ns() // 1_000_000,
        settings.scan_limit_bytes,
    )
