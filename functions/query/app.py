"""The query API: samples, points, status and the chart page."""

from query import haystack, routes
from query.answers import Api
from query.catalogs import Catalogs
from query.flags import Flags
from query.sites import Sites
from query.status import StatusReader
from query.timeseries.answer_cache import AnswerCache
from vitals import config, observability
from vitals.aws.athena import Athena
from vitals.aws.clients import BRIEF, PROMPT, boto3_session
from vitals.aws.runtime import Runtime
from vitals.aws.sqs import DeadLetters
from vitals.http.handler import ApiFunction
from vitals.reading.athena import AthenaReader
from vitals.reading.executor import Executor
from vitals.store.stores import Stores


def connect(runtime: Runtime) -> Api:
    """Returns what the routes work with."""
    settings, log = config.load(config.QuerySettings), observability.logger().warning
    stores = Stores.connect(settings, runtime, PROMPT)
    athena = Athena(settings.glue_database, settings.athena_workgroup, PROMPT, boto3_session, runtime)
    left_s = runtime.deadline.left_s
    bulk = AthenaReader(athena, settings.cold_bucket, settings.glue_table, left_s, runtime=runtime)
    sites = Sites(stores.sites, settings.sites, runtime.now_ms)
    dead_letters = DeadLetters(
        # Few requests count dead letters, so their client is not made at every start.
        lambda: runtime.client("sqs", BRIEF),
        {
            "sync": settings.sync_dead_letters_url,
            "archive": settings.archive_dead_letters_url,
            "export": settings.export_dead_letters_url,
        },
    )
    return Api(
        executor=Executor.connect(stores, bulk, runtime),
        catalogs=Catalogs(stores.catalogs, runtime.now_ms),
        sites=sites,
        now=runtime.now_ms,
        max_range_days=settings.max_range_days,
        cache=AnswerCache(stores.query_cache, runtime.now_ms, log),
        status_reader=StatusReader(
            sites=sites,
            ledger=stores.ledger,
            circuits=stores.circuits,
            dead_letters=dead_letters,
            log=log,
            runtime=runtime,
        ),
        quality_files=stores.quality_files,
        flags=Flags(lambda: stores.flags),
        monotonic=runtime.monotonic,
    )


api = ApiFunction([routes.router, haystack.router], connect)
handler = api.handler
