"""Handling one event: due days sent, or one day archived, with log lines."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from archival import events
from archival.planning import DuePlanner
from archival.reconcile import ReconcilingArchiver
from vitals.model.records.sites import REMOVED
from vitals.model.site_status import check_enabled, site_status


@dataclass(frozen=True, slots=True)
class Archival:
    """The archiving with its log; `now` gives UTC ms.

    The `initial_sites` are enabled unless their records differ.
    """

    archiver: ReconcilingArchiver
    planner: DuePlanner
    initial_sites: tuple[str, ...]
    now: Callable[[], int]
    logger: Logger

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Handles one event and returns a receipt; raises the error of a day that can't be archived."""
        request = events.parse(event, self.now())
        if isinstance(request, events.EveryDueDay):
            return {"due": self.planner.plan_sites(self.initial_sites)}
        site = request.day.site
        status = site_status(site, self.planner.sites.load(site), self.initial_sites)
        if status is None:
            check_enabled(site, status)
        receipt = self.archiver.archive(request.day, from_upstream=status != REMOVED)
        self.logger.info("day archived", **receipt)
        return receipt
