"""The sync: fetches the readings of a site and writes them to the hot tier."""

from functools import cache, partial
from typing import Any

from etl.handle import Etl
from etl.report import StackReport
from etl.sync import Syncer
from vitals import config, observability
from vitals.ace import connection
from vitals.ace.pacing import Pace
from vitals.aws.queue_function import Invocation, QueueFunction
from vitals.aws.runtime import Runtime
from vitals.aws.sqs import MessageQueue
from vitals.pipeline.ingest import Ingest
from vitals.store.stores import Stores

# A step of a large site takes about half a minute; with less time left, the next message continues.
_SPARE_S = 120
# The time that a sync needs after the upstream's answer, to write it or to report that there was none.
_RESERVE_S = 30
# MaximumConcurrency of the event source in the template: this many containers share the upstream's pace.
CONCURRENCY = 2


def sync(event: dict[str, Any], invocation: Invocation) -> dict[str, Any]:
    """Syncs the site or span that the event names."""
    runtime = invocation.runtime
    settings, stores, pace = connect(runtime)
    upstream = connection.connect(
        settings, runtime, partial(invocation.remaining_s, _RESERVE_S), invocation.logger.warning, pace
    )
    syncer = Syncer(
        ingest=Ingest(upstream, stores.hot, stores.ledger, runtime.now_ms),
        catalogs=stores.catalogs,
        sites=stores.sites,
        circuits=stores.circuits,
        enqueue=MessageQueue(runtime.client("sqs"), settings.sync_queue_url).send,
        log=invocation.logger,
        initial_lookback_ms=settings.initial_lookback_ms,
        catalog_every_ms=settings.catalog_every_ms,
    )
    report = StackReport(stores.plannings, invocation.logger, observability.metrics())
    etl = Etl(syncer, settings.sites, logger=invocation.logger, report=report)
    queued = invocation.receives is not None
    return etl.handle(event, queued=queued, may_continue=lambda: invocation.remaining_s() > _SPARE_S)


@cache
def connect(runtime: Runtime) -> tuple[config.EtlSettings, Stores, Pace]:
    """Returns the settings, the stores and the pace of this process."""
    settings = config.load(config.EtlSettings)
    pace = Pace(settings.requests_per_minute / CONCURRENCY, runtime, burst=5)
    return settings, Stores.connect(settings, runtime), pace


function = QueueFunction(sync, failure="sync failed", traces=("requests",))
handler = function.handler
