"""The archiving: stores a day as one verified file, or sends the days that are due."""

from functools import cache
from typing import Any

from archival.audit import Audit
from archival.handle import Archival
from archival.planning import DuePlanner
from archival.reconcile import ReconcilingArchiver
from vitals import config
from vitals.ace import connection
from vitals.ace.pacing import Pace
from vitals.aws.queue_function import Invocation, QueueFunction
from vitals.aws.runtime import SYSTEM
from vitals.aws.sqs import MessageQueue
from vitals.pipeline.archiver import Archiver
from vitals.pipeline.ingest import Ingest
from vitals.store.stores import Stores

# What archiving needs after the upstream has answered.
_RESERVE_S = 300


def archive(event: dict[str, Any], invocation: Invocation) -> dict[str, Any]:
    """Archives the day that the event names, or sends the days that are due."""
    settings, stores, pace = connect()
    ingest = None
    if settings.reconcile:
        upstream = connection.connect(
            settings, SYSTEM, lambda: invocation.remaining_s(_RESERVE_S), invocation.logger.warning, pace
        )
        ingest = Ingest(upstream, stores.hot, stores.ledger, SYSTEM.now_ms)
    planner = DuePlanner(
        ledger=stores.ledger,
        sites=stores.sites,
        audit=Audit(stores.cold, invocation.logger),
        enqueue=MessageQueue(SYSTEM.client("sqs"), settings.archive_queue_url).send,
        now=SYSTEM.now_ms,
        metrics=invocation.metrics,
    )
    return Archival(
        archiver=ReconcilingArchiver(Archiver.connect(stores, SYSTEM, settings.hot_days), ingest),
        planner=planner,
        enabled_sites=settings.sites,
        now=SYSTEM.now_ms,
        logger=invocation.logger,
        metrics=invocation.metrics,
    ).handle(event)


@cache
def connect() -> tuple[config.ArchivalSettings, Stores, Pace]:
    """Returns the settings, the stores and the pace of this process."""
    settings = config.load(config.ArchivalSettings)
    return settings, Stores.connect(settings, SYSTEM), Pace(settings.requests_per_minute / 2, SYSTEM, burst=5)


function = QueueFunction(archive, failure="archiving failed", metric="ArchiveFailures", traces=("requests",))
handler = function.handler
