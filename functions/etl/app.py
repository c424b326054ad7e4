"""The sync: fetches the readings of a site and writes them to the hot tier."""

from functools import cache, partial
from typing import Any

from etl.handle import Etl
from etl.report import StackReport
from etl.sync import Syncer
from vitals import config, observability
from vitals.ace import connection
from vitals.ace.pacing import KeyPaces
from vitals.aws.queue_function import Invocation, QueueFunction
from vitals.aws.runtime import Runtime
from vitals.aws.sqs import MessageQueue
from vitals.pipeline.ingest import Ingest
from vitals.store.stores import Stores

# A step of a large site takes about half a minute; with less time left, the next message continues.
_SPARE_S = 120
# The time that a sync needs after the upstream's answer, to write it or to report that there was none.
_RESERVE_S = 30


def sync(event: dict[str, Any], invocation: Invocation) -> dict[str, Any]:
    """Syncs the site or span that the event names."""
    runtime = invocation.runtime
    settings, stores, paces = connect(runtime)
    log, enqueue = invocation.logger, MessageQueue(runtime.client("sqs"), settings.sync_queue_url).send

    def syncer(key_group: str) -> Syncer:
        remaining_s = partial(invocation.remaining_s, _RESERVE_S)
        upstream = connection.connect(settings, runtime, remaining_s, log.warning, key_group, paces)
        return Syncer(
            ingest=Ingest(upstream, stores.hot, stores.ledger, runtime.now_ms, runtime.pool),
            catalogs=stores.catalogs,
            sites=stores.sites,
            circuits=stores.circuits(key_group),
            enqueue=enqueue,
            log=log,
            initial_lookback_ms=settings.initial_lookback_ms,
            catalog_every_ms=settings.catalog_every_ms,
        )

    report = StackReport(stores.plannings, log, observability.metrics(), settings.initial_lookback_ms)
    etl = Etl(syncer, stores.sites, enqueue, runtime.now_ms, settings.sites, logger=log, report=report)
    queued = invocation.receives is not None
    return etl.handle(event, queued=queued, may_continue=lambda: invocation.remaining_s() > _SPARE_S)


@cache
def connect(runtime: Runtime) -> tuple[config.EtlSettings, Stores, KeyPaces]:
    """Returns the settings, the stores and the paces of this process."""
    settings = config.load(config.EtlSettings)
    # So many containers share the rate of each key.
    paces = KeyPaces(settings.requests_per_minute / settings.sync_concurrency, runtime, burst=5)
    return settings, Stores.connect(settings, runtime), paces


function = QueueFunction(sync, failure="sync failed", traces=("requests",))
handler = function.handler
