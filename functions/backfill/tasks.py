"""The state machine's tasks, with their log lines."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from aws_lambda_powertools import Logger

from backfill.day import DayWorker
from backfill.events import DayTask, PlanTask, SummariseTask, parse_task
from backfill.planning import Planner
from backfill.read_day import load_run
from backfill.rebuild_day import DayRebuilder
from backfill.runs import Runs
from backfill.summary import Summariser


@dataclass(frozen=True, slots=True)
class Tasks:
    """The three tasks of a run; `worker` connects what a day of a key group needs, when its task comes.

    A day to rebuild does not need the worker, which reads the key of the upstream.
    """

    planner: Planner
    runs: Runs
    worker: Callable[[str], DayWorker]
    rebuilder: DayRebuilder
    summariser: Summariser
    logger: Logger

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Does the task that the event names and returns what the state machine continues with."""
        match parse_task(event, self.runs.now()):
            case PlanTask() as task:
                return self._plan(task)
            case DayTask() as task:
                return self._day(task)
            case SummariseTask() as task:
                return self._summarise(task)

    def _plan(self, task: PlanTask) -> dict[str, Any]:
        request, plan = task.request, self.planner.plan(task.request)
        if not request.dry_run:
            self.runs.begin(task.run, request, plan)
        result: dict[str, Any] = {
            "run": task.run,
            "site": request.site,
            "dry_run": request.dry_run,
            "days": list(plan.days),
            "days_complete": plan.complete,
            "max_concurrency": plan.concurrency,
            "key_group": plan.key_group,
            "estimate": asdict(plan.estimate),
        }
        self.logger.info("backfill planned", **result | {"days": len(plan.days)})
        return result

    def _day(self, task: DayTask) -> dict[str, Any]:
        run = load_run(self.runs.table, task.run)
        if run.rebuild:
            receipt = self.rebuilder.work(run, task.day)
        else:
            receipt = self.worker(task.key_group).work(task.run, task.day)
        self.logger.info("day rebuilt" if run.rebuild else "day backfilled", run=task.run, **receipt)
        return receipt

    def _summarise(self, task: SummariseTask) -> dict[str, Any]:
        summary = self.summariser.summarise(task.run, task.results, task.error)
        self.logger.info("backfill ended", **summary)
        return summary
