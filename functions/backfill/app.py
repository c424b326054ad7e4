"""The backfill's tasks: plan a run, read and store one day of it, and summarise it."""

from functools import cache, partial
from typing import Any

from backfill.day import DayWorker
from backfill.planning import Planner
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
    remaining_s = partial(invocation.remaining_s, _RESERVE_S)

    def worker(key_group: str) -> DayWorker:
        warn = invocation.logger.warning
        upstream = connection.connect(settings, runtime, remaining_s, warn, key_group, "backfill")
        return DayWorker(
            runs=stores.runs,
            staging=stores.staging,
            archiver=Archiver.connect(stores, runtime, settings.hot_days),
            ingest=Ingest(upstream, stores.hot, stores.ledger, runtime.now_ms, runtime.pool),
            circuits=stores.circuits(key_group),
            remaining_s=remaining_s,
            monotonic=runtime.monotonic,
        )

    tasks = Tasks(
        planner=Planner.connect(settings, stores),
        runs=Runs.connect(settings, stores, runtime),
        worker=worker,
        summariser=Summariser(stores.runs, stores.staging, runtime.now_ms),
        logger=invocation.logger,
    )
    return tasks.handle(event)


@cache
def connect(runtime: Runtime) -> tuple[config.BackfillSettings, Stores]:
    """Returns the settings and the stores of this process."""
    settings = config.load(config.BackfillSettings)
    return settings, Stores.connect(settings, runtime)


function = QueueFunction(do_task, failure="task failed", traces=("requests",))
handler = function.handler
