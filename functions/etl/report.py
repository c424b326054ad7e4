"""The stack's metrics: the largest lag of a site, and the problems of the archive."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from vitals.model.records.sites import SiteRecord
from vitals.model.timespan import HOUR_MS, iso
from vitals.store.state.planning import PlanningTable

# The first step of a site follows the listing of its points, which takes minutes.
_FIRST_STEP_MS = HOUR_MS


@dataclass(frozen=True, slots=True)
class StackReport:
    """Reports how far the sites are behind, and what the archive's latest planning noticed."""

    plannings: PlanningTable
    logger: Logger
    metrics: Metrics
    lookback_ms: int
    """How far back the first sync of a site starts."""

    def send(self, sites: Sequence[SiteRecord], now_ms: int) -> None:
        """Sends the metrics and one log line; `sites` are the records of the enabled sites."""
        slowest, lag_s = largest_lag_s(sites, now_ms, self.lookback_ms)
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


def largest_lag_s(sites: Sequence[SiteRecord], now_ms: int, lookback_ms: int) -> tuple[str, float]:
    """Returns the site that is furthest behind, and its lag."""
    lags = {record.site: _lag_ms(record, now_ms, lookback_ms) / 1000 for record in sites}
    return max(lags.items(), key=lambda item: item[1], default=("", 0.0))


def _lag_ms(record: SiteRecord, now_ms: int, lookback_ms: int) -> int:
    """Returns how far a site is behind; a new one has no lag while it catches up, unless it stands still."""
    if record.checkpoint_ms is None:
        began_ms = now_ms if record.status_ms is None else record.status_ms
        return max(0, now_ms - began_ms - _FIRST_STEP_MS)
    # The first re-read is sent when a site has caught up for the first time.
    allowed_ms = lookback_ms if record.reread_ms is None else 0
    return max(0, now_ms - record.checkpoint_ms - allowed_ms)
