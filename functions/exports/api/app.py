"""The handler of the exports' routes."""

import time
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from exports.api import routes
from exports.api.exports_api import ExportsApi
from exports.queues import ExportQueues
from vitals import config, observability
from vitals.aws import clients
from vitals.aws.sqs import MessageQueue
from vitals.http.edge import serve
from vitals.http.errors import handle_errors
from vitals.http.strict import refuse_unknown
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.exports import ExportTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.export_files import ExportFiles

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
    return config.load(config.HttpSettings).allowed_origins


@cache
def _api() -> ExportsApi:
    settings = config.load(config.ExportApiSettings)
    dynamodb, sqs = clients.client("dynamodb", clients.PROMPT), clients.client("sqs", clients.PROMPT)
    return ExportsApi(
        ExportTable(dynamodb, settings.state_table),
        ExportFiles(clients.client("s3", clients.PROMPT), settings.cold_bucket),
        SiteTable(dynamodb, settings.state_table),
        CatalogTable(dynamodb, settings.state_table),
        Ledger(dynamodb, settings.state_table),
        ExportQueues(MessageQueue(sqs, settings.queue_high_url), MessageQueue(sqs, settings.queue_url)),
        lambda: time.time_ns() // 1_000_000,
        settings.scan_limit_bytes,
    )
