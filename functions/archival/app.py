"""The archiving: stores a day as one verified file, or sends the days that are due."""

from functools import cache, partial
from typing import Any

from archival.audit import Audit
from archival.digest import DigestSender
from archival.handle import Archival
from archival.planning import DuePlanner
from archival.reconcile import ReconcilingArchiver
from vitals import config
from vitals.ace import connection
from vitals.aws.queue_function import Invocation, QueueFunction
from vitals.aws.runtime import Runtime
from vitals.aws.sqs import MessageQueue
from vitals.pipeline.archiver import Archiver
from vitals.pipeline.ingest import Ingest
from vitals.store.stores import Stores

# What archiving needs after the upstream has answered.
_RESERVE_S = 300


def archive(event: dict[str, Any], invocation: Invocation) -> dict[str, Any]:
    """Archives the day that the event names, or sends the days that are due."""
    runtime = invocation.runtime
    settings, stores = connect(runtime)

    def archiver(key_group: str | None) -> ReconcilingArchiver:
        ingest = None
        if settings.reconcile and key_group:
            remaining_s, warn = partial(invocation.remaining_s, _RESERVE_S), invocation.logger.warning
            upstream = connection.connect(settings, runtime, remaining_s, warn, key_group, "archive")
            ingest = Ingest(upstream, stores.hot, stores.ledger, runtime.now_ms, runtime.pool)
        return ReconcilingArchiver(Archiver.connect(stores, runtime, settings.hot_days), ingest)

    planner = DuePlanner(
        ledger=stores.ledger,
        sites=stores.sites,
        audit=Audit(stores.cold, invocation.logger),
        enqueue=MessageQueue(runtime.client("sqs"), settings.archive_queue_url).send,
        plannings=stores.plannings,
        now=runtime.now_ms,
        logger=invocation.logger,
    )
    digests = DigestSender.connect(stores, runtime, settings.alarm_topic_arn)
    archival = Archival(archiver, planner, settings.sites, runtime.now_ms, invocation.logger, digests)
    return archival.handle(event)


@cache
def connect(runtime: Runtime) -> tuple[config.ArchivalSettings, Stores]:
    """Returns the settings and the stores of this process."""
    settings = config.load(config.ArchivalSettings)
    return settings, Stores.connect(settings, runtime)


function = QueueFunction(archive, failure="archiving failed", traces=("requests",))
handler = function.handler
