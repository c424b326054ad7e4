"""The record of the latest planning of the archive."""

from dataclasses import dataclass

from vitals.model.timespan import HOUR_MS, MINUTE_MS

# Plannings are 24 hours apart, and one that fails is repeated later. ArchiveProblemsAlarm notices that it is
# missing at most 20 minutes after this time, which is within 26 hours.
MAX_AGE_MS = 25 * HOUR_MS + 30 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class ArchivePlanning:
    """When the due days of every site were last sent (UTC ms), and what the planning noticed.

    `overdue` counts the days that ended more than 48 hours before without being archived, `mismatches` the
    day files that differ from the ledger.
    """

    planned_ms: int
    overdue: int = 0
    mismatches: int = 0

    def problems(self, now_ms: int) -> int:
        """Returns the number of overdue days and mismatches, and one more if the planning is too old."""
        return self.overdue + self.mismatches + (now_ms - self.planned_ms > MAX_AGE_MS)
