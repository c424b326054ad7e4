"""The query API's handler."""

import time
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from query import routes
from query.answers import Api
from query.athena import AthenaReader
from query.caching import Answers
from query.executor import Executor
from query.status import StatusReader
from vitals import aws, config, observability
from vitals.athena import Athena
from vitals.cache import ResultCache
from vitals.catalog import CatalogTable
from vitals.circuit import CircuitTable
from vitals.cold import ColdTier
from vitals.edge import serve
from vitals.hot import HotTier
from vitals.http import handle_errors
from vitals.ledger import Ledger
from vitals.queue import DeadLetters
from vitals.rollups import RollupTier
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
def _api() -> Api:
    settings = config.query()
    dynamodb, s3 = aws.client("dynamodb", aws.PROMPT), aws.client("s3", aws.PROMPT)
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
                Athena(settings.glue_database, settings.athena_workgroup, aws.PROMPT, aws.boto3_session),
                settings.cold_bucket,
                settings.glue_table,
                aws.deadline.left_s,
            ),
        ),
        catalogs=CatalogTable(dynamodb, settings.state_table),
        sites=sites,
        now=_now,
        max_range_days=settings.max_range_days,
        kept=Answers(ResultCache(aws.client("s3", aws.BRIEF), settings.cold_bucket), _now, logger.warning),
        upkeep=StatusReader(
            sites,
            ledger,
            CircuitTable(dynamodb, settings.state_table, settings.ace_api_url),
            # Asked for by few, so its client is not made at every start.
            DeadLetters(lambda: aws.client("sqs", aws.BRIEF), letters),
            logger.warning,
        ),
    )


def _now() -> int:
    return time.time_ns() // 1_000_000
