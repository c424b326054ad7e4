"""The state machine's tasks: each event names one, with log lines and metrics."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from backfill import days
from backfill.day import DayWorker
from backfill.planning import Planner
from backfill.summary import Summariser
from vitals.errors import InvalidRequestError


@dataclass(frozen=True, slots=True)
class Tasks:
    """The three tasks of a run; `worker` makes what a day needs when a day comes."""

    planner: Planner
    worker: Callable[[], DayWorker]
    summariser: Summariser
    logger: Logger
    metrics: Metrics

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Does the task that the event names and answers what the state machine goes on with."""
        match event:
            case {"task": "plan", "run": str(run), "asked": dict(asked)}:
                return self._plan(run, asked)
            case {"task": "day", "run": str(run), "day": str(day)}:
                return self._day(run, day)
            case {"task": "summarise", "run": str(run), "days": list(results)}:
                return self._summarise(run, results, str(event.get("error", "")))
        raise InvalidRequestError("an event names a task (plan, day or summarise) and a run")

    def _plan(self, run: str, event: dict[str, Any]) -> dict[str, Any]:
        asked = days.parse(event, self.planner.now())
        planned = self.planner.plan(asked)
        if not asked.dry_run:
            self.planner.begin(run, asked, planned)
        plan: dict[str, Any] = {
            "run": run,
            "site": asked.site,
            "dry_run": asked.dry_run,
            "days": list(planned.days),
            "days_complete": planned.complete,
            "max_concurrency": planned.at_once,
            "estimate": asdict(planned.estimate),
        }
        self.logger.info("backfill planned", **plan | {"days": len(planned.days)})
        return plan

    def _day(self, run: str, day: str) -> dict[str, Any]:
        receipt = self.worker().work(run, day)
        self.logger.info("day backfilled", run=run, **receipt)
        if receipt["status"] != "cancelled":
            self.metrics.add_metric("DaysBackfilled", MetricUnit.Count, 1)
            self.metrics.add_metric("SamplesBackfilled", MetricUnit.Count, receipt["samples"])
        return receipt

    def _summarise(self, run: str, results: list[dict[str, Any]], error: str) -> dict[str, Any]:
        summary = self.summariser.summarise(run, results, error)
        self.logger.info("backfill ended", **summary)
        self.metrics.add_metric("BackfillDaysFailed", MetricUnit.Count, summary["days"]["failed"])
        return summary
