"""Sending the days that are due, of every site that is enabled or paused."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from aws_lambda_powertools import Logger

from archival.audit import Audit
from vitals.model.due_days import due_days, overdue_days, synced_days
from vitals.model.records.planning import ArchivePlanning
from vitals.model.records.sites import REMOVED, SiteRecord
from vitals.model.site_status import site_statuses
from vitals.model.timespan import EARLIEST_MS, Span, day_name
from vitals.store.state.ledger import Ledger
from vitals.store.state.planning import PlanningTable
from vitals.store.state.sites import SiteTable

# A site that was down for months sends its days over several nights. The newest come first, so that old days
# that fail each night do not delay them.
_MAX_DAYS = 60


@dataclass(frozen=True, slots=True)
class SitePlan:
    """The numbers of a site's due days, of those that are overdue, and of its files that differ."""

    due: int = 0
    overdue: int = 0
    mismatches: int = 0


@dataclass(frozen=True, slots=True)
class DuePlanner:
    """Plans the archiving of sites; `enqueue` sends archiving messages, `now` gives UTC ms."""

    ledger: Ledger
    sites: SiteTable
    audit: Audit
    enqueue: Callable[[Sequence[dict[str, str]]], None]
    plannings: PlanningTable
    now: Callable[[], int]
    logger: Logger

    def plan_sites(self, initial_sites: Sequence[str]) -> dict[str, int]:
        """Sends each site's due days and returns their numbers; the errors of sites are raised at the end.

        A planning without errors is recorded, so that the sync can report its result, or that it is missing.
        """
        records = {record.site: record for record in self.sites.list()}
        statuses = site_statuses(records.values(), initial_sites)
        plans: dict[str, SitePlan] = {}
        failures: list[Exception] = []
        for site in [site for site, status in statuses.items() if status != REMOVED]:
            try:
                plans[site] = self._plan_site(site, records.get(site))
            except Exception as error:
                failures.append(error)
        if failures:
            raise ExceptionGroup("some sites could not be planned", failures)
        overdue = sum(plan.overdue for plan in plans.values())
        mismatches = sum(plan.mismatches for plan in plans.values())
        self.plannings.record(ArchivePlanning(self.now(), overdue, mismatches))
        return {site: plan.due for site, plan in plans.items()}

    def _plan_site(self, site: str, record: SiteRecord | None) -> SitePlan:
        if record is None:
            return SitePlan()
        days = synced_days(record)
        records = self.ledger.archive_records(site, Span(EARLIEST_MS, days.end_ms))
        due = due_days(days, records)
        self.enqueue([{"site": site, "date": day_name(day_ms)} for day_ms in due[-_MAX_DAYS:]])
        overdue = len(overdue_days(due, self.now()))
        plan = SitePlan(len(due), overdue, self.audit.mismatches(site, records))
        self.logger.info("site planned", site=site, **asdict(plan))
        return plan
