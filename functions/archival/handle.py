"""Handling one event: due days sent, or one day archived, with log lines and metrics."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from archival import events
from archival.planning import DuePlanner
from archival.reconcile import ReconcilingArchiver
from vitals.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Archival:
    """The archiving with its log and metrics; `now` gives UTC ms."""

    archiver: ReconcilingArchiver
    planner: DuePlanner
    enabled_sites: tuple[str, ...]
    now: Callable[[], int]
    logger: Logger
    metrics: Metrics

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Handles one event and returns a receipt; raises the error of a day that can't be archived."""
        request = events.parse(event, self.now())
        if isinstance(request, events.EveryDueDay):
            return {"due": self.planner.plan_sites(self.enabled_sites)}
        if request.day.site not in self.enabled_sites:
            raise NotFoundError(f"site {request.day.site!r} is not enabled; add it to the parameter Sites")
        receipt = self.archiver.archive(request.day)
        self.logger.info("day archived", **receipt)
        self.metrics.add_metric("DaysArchived", MetricUnit.Count, 1)
        self.metrics.add_metric("SamplesArchived", MetricUnit.Count, receipt["rows"])
        return receipt
