"""The backfill's tasks: plan a run, read and store or rebuild one day of it, and summarise it."""

from functools import cache, partial
from typing import Any

from backfill.day import DayWorker
from backfill.planning import Planner
from backfill.rebuild_day import DayRebuilder
from backfill.runs import Runs
from backfill.summary import Summariser
from backfill.tasks import Tasks
from vitals import config
from vitals.ace import connection
from vitals.aws.queue_function import Invocation, QueueFunction
from vitals.aws.runtime import Runtime
from vitals.pipeline.archiver import Archiver
from vitals.pipeline.ingest import Ingest
from vitals.store.stores import Stores

# What storing a day needs after the last of it is read, also where that is 20,000 blocks.
_RESERVE_S = 420


def do_task(event: dict[str, Any], invocation: Invocation) -> dict[str, Any]:
    """Does one task of the state machine."""
    runtime = invocation.runtime
    settings, stores = connect(runtime)
    archiver = Archiver.connect(stores, runtime, settings.hot_days)
    remaining_s, warn = partial(invocation.remaining_s, _RESERVE_S), invocation.logger.warning

    def worker(key_group: str) -> DayWorker:
        upstream = connection.connect(settings, runtime, remaining_s, warn, key_group, "backfill")
        ingest = Ingest(upstream, stores.hot, stores.ledger, runtime.now_ms, runtime.pool)
        circuits, monotonic = stores.circuits(key_group), runtime.monotonic
        return DayWorker(
            stores.runs, stores.staging, archiver, ingest, circuits, remaining_s, monotonic=monotonic
        )

    return Tasks(
        planner=Planner.connect(settings, stores),
        runs=Runs.connect(settings, stores, runtime),
        worker=worker,
        rebuilder=DayRebuilder(stores.runs, archiver),
        summariser=Summariser(stores.runs, stores.staging, runtime.now_ms),
        logger=invocation.logger,
    ).handle(event)


@cache
def connect(runtime: Runtime) -> tuple[config.BackfillSettings, Stores]:
    """Returns the settings and the stores of this process."""
    settings = config.load(config.BackfillSettings)
    return settings, Stores.connect(settings, runtime)


function = QueueFunction(do_task, failure="task failed", traces=("requests",))
handler = function.handler
