"""The query API's handler."""

import time
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from query import routes
from query.answer_cache import Answers
from query.answers import Api
from query.status import StatusReader
from vitals import config, observability
from vitals.aws import clients
from vitals.aws.athena import Athena
from vitals.aws.sqs import DeadLetters
from vitals.http.edge import serve
from vitals.http.errors import handle_errors
from vitals.http.strict import refuse_unknown
from vitals.reading.athena import AthenaReader
from vitals.reading.executor import Executor
from vitals.store.control.circuit import CircuitTable
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.query_cache import ResultCache
from vitals.store.tiers.rollups import RollupTier

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
def _api() -> Api:
    settings = config.load(config.QuerySettings)
    dynamodb, s3 = clients.client("dynamodb", clients.PROMPT), clients.client("s3", clients.PROMPT)
    sites, ledger = SiteTable(dynamodb, settings.state_table), Ledger(dynamodb, settings.state_table)
    letters = {
        "sync": settings.sync_dead_letters_url,
        "archive": settings.archive_dead_letters_url,
        "export": settings.export_dead_letters_url,
    }
    return Api(
        enabled_sites=settings.sites,
        executor=Executor(
            HotTier(dynamodb, settings.hot_table),
            ColdTier(s3, settings.cold_bucket, max_bytes=settings.max_day_file_bytes),
            RollupTier(dynamodb, settings.hot_table),
            ledger,
            AthenaReader(
                Athena(
                    settings.glue_database, settings.athena_workgroup, clients.PROMPT, clients.boto3_session
                ),
                settings.cold_bucket,
                settings.glue_table,
                clients.deadline.left_s,
            ),
        ),
        catalogs=CatalogTable(dynamodb, settings.state_table),
        sites=sites,
        now=_now,
        max_range_days=settings.max_range_days,
        kept=Answers(
            ResultCache(clients.client("s3", clients.BRIEF), settings.cold_bucket), _now, logger.warning
        ),
        upkeep=StatusReader(
            sites,
            ledger,
            CircuitTable(dynamodb, settings.state_table, settings.ace_api_url),
            # Asked for by few, so its client is not made at every start.
            DeadLetters(lambda: clients.client("sqs", clients.BRIEF), letters),
            logger.warning,
        ),
    )


def _now() -> int:
    return time.time_ns() // 1_000_000
