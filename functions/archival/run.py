"""What one event comes to: messages for the due days, or one day archived, with log lines and metrics."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from archival import events
from archival.reconcile import ReconcilingArchiver
from vitals.errors import DayFileError, NotFoundError
from vitals.model.due_days import due_days, overdue_days, synced_days
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.site_day import SiteDay
from vitals.model.timespan import EARLIEST_MS, Span, day_name
from vitals.store.state.ledger import Ledger
from vitals.store.state.sites import SiteTable
from vitals.store.tiers.cold import ColdTier

# A site that was down for months sends its days over several nights: the newest first, so that old days that
# fail each night do not hold these up.
_MOST_DAYS = 60
# Looked at in each planning, so that a file lost or overwritten by hand is noticed within days.
_AUDITED_DAYS = 7


@dataclass(frozen=True, slots=True)
class Archival:
    """The archiving with its queue, log and metrics."""

    archiver: ReconcilingArchiver
    ledger: Ledger
    sites: SiteTable
    cold: ColdTier
    enabled_sites: tuple[str, ...]
    enqueue: Callable[[Sequence[dict[str, str]]], None]
    now: Callable[[], int]
    logger: Logger
    metrics: Metrics

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Answers one event with a receipt; a day that can't be archived raises."""
        asked = events.parse(event, self.now())
        if isinstance(asked, events.EveryDueDay):
            return self._every_site()
        if asked.site not in self.enabled_sites:
            raise NotFoundError(f"site {asked.site} is not one of SITES")
        receipt = self.archiver.archive(SiteDay(asked.site, asked.day_ms))
        self.logger.info("day archived", **receipt)
        self.metrics.add_metric("DaysArchived", MetricUnit.Count, 1)
        self.metrics.add_metric("SamplesArchived", MetricUnit.Count, receipt["rows"])
        return receipt

    def _every_site(self) -> dict[str, Any]:
        """Plans each site; one that fails is raised when the others are done."""
        due: dict[str, int] = {}
        failures: list[Exception] = []
        for site in self.enabled_sites:
            try:
                due[site] = self._send_due(site)
            except Exception as error:
                failures.append(error)
        if failures:
            raise ExceptionGroup("some sites could not be planned", failures)
        return {"due": due}

    def _send_due(self, site: str) -> int:
        record = self.sites.load(site)
        if record is None:
            return 0
        days = synced_days(record)
        records = self.ledger.archive_records(site, Span(EARLIEST_MS, days.end_ms))
        due = due_days(days, records)
        self.metrics.add_metric("DaysOverdue", MetricUnit.Count, len(overdue_days(due, self.now())))
        self.enqueue([{"site": site, "date": day_name(day)} for day in due[-_MOST_DAYS:]])
        self.metrics.add_metric("ArchiveMismatches", MetricUnit.Count, self._mismatches(site, records))
        return len(due)

    def _mismatches(self, site: str, records: Sequence[ArchiveRecord]) -> int:
        """How many of the latest archived days are not in the bucket as the ledger says."""
        wrong = 0
        for record in [record for record in records if record.etag and record.settled][-_AUDITED_DAYS:]:
            try:
                stored, contents = self.cold.describe(SiteDay(site, record.day_ms))
                right = (stored.etag, contents.checksum) == (record.etag, record.checksum)
                reason = "" if right else "another file than the ledger's"
            except DayFileError as error:
                reason = str(error)
            if reason:
                wrong += 1
                self.logger.error("archive mismatch", site=site, date=day_name(record.day_ms), reason=reason)
        return wrong
