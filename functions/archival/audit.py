"""Comparing archived days with the ledger."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_lambda_powertools import Logger

from vitals.errors import DayFileError
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.site_day import SiteDay
from vitals.store.tiers.cold import ColdTier

# Each planning audits the latest days, so that a file lost or overwritten by hand is noticed within days.
_AUDITED_DAYS = 7


@dataclass(frozen=True, slots=True)
class Audit:
    """Finds day files that are not the ones in the ledger."""

    cold: ColdTier
    logger: Logger

    def mismatches(self, site: str, records: Sequence[ArchiveRecord]) -> int:
        """Logs and counts the latest settled days whose file in the bucket is not the ledger's."""
        settled, count = [record for record in records if record.etag and record.settled], 0
        for record in settled[-_AUDITED_DAYS:]:
            day = SiteDay(site, record.day_ms)
            reason = self._mismatch(day, record)
            if reason:
                self.logger.error("archive mismatch", site=site, date=day.date, reason=reason)
                count += 1
        return count

    def _mismatch(self, day: SiteDay, record: ArchiveRecord) -> str:
        """Returns how the day's file differs from its record; empty when it does not."""
        try:
            stored, contents = self.cold.describe(day)
        except DayFileError as error:
            return str(error)
        matches = (stored.etag, contents.checksum) == (record.etag, record.checksum)
        return "" if matches else "the file is not the one in the ledger"
