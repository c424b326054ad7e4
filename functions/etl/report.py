"""The stack's metrics: the largest lag of a site, and the problems of the archive."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from vitals.model.records.sites import SiteRecord
from vitals.model.timespan import iso
from vitals.store.state.planning import PlanningTable


@dataclass(frozen=True, slots=True)
class StackReport:
    """Reports how far the sites are behind, and what the archive's latest planning noticed."""

    plannings: PlanningTable
    logger: Logger
    metrics: Metrics

    def send(self, sites: Sequence[SiteRecord], now_ms: int) -> None:
        """Sends the metrics and one log line; `sites` are the records of the enabled sites."""
        slowest, lag_s = largest_lag_s(sites, now_ms)
        planning = self.plannings.load(now_ms)
        problems = planning.problems(now_ms)
        self.metrics.add_metric("SyncLagSeconds", MetricUnit.Seconds, lag_s)
        # CloudWatch charges a metric for the hours in which it is sent.
        if problems:
            self.metrics.add_metric("ArchiveProblems", MetricUnit.Count, problems)
        self.metrics.flush_metrics()
        self.logger.info(
            "stack report",
            slowest_site=slowest,
            lag_seconds=lag_s,
            archive_problems=problems,
            archive_planned=iso(planning.planned_ms),
            days_overdue=planning.overdue,
            archive_mismatches=planning.mismatches,
        )


def largest_lag_s(sites: Sequence[SiteRecord], now_ms: int) -> tuple[str, float]:
    """Returns the site that is furthest behind, and its lag; a new site has none until it has caught up.

    The first re-read is sent when a site has caught up for the first time.
    """
    lags = {
        record.site: (now_ms - record.checkpoint_ms) / 1000
        for record in sites
        if record.checkpoint_ms is not None and record.reread_ms is not None
    }
    return max(lags.items(), key=lambda item: item[1], default=("", 0.0))
