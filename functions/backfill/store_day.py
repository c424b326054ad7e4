"""Storing the staged hours of a day where readers look for them: in its file, or in its blocks."""

import contextlib
import functools
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vitals.codec import staged_hour
from vitals.errors import BlocksExistError, ConflictError
from vitals.model.site_day import SiteDay
from vitals.model.timespan import WINDOW_MS, Span
from vitals.pipeline.archiver import Archiver
from vitals.pipeline.ingest import Ingest, Tally
from vitals.store.tiers.staging import StagedHour, StagingArea

SOURCE = "backfill"


@dataclass(frozen=True, slots=True)
class StoredDay:
    """The samples that the day then has, and the samples that its blocks could not hold."""

    rows: int
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class DayStore:
    """Stores days that were read."""

    staging: StagingArea
    archiver: Archiver
    ingest: Ingest

    def store(self, run_id: str, day: SiteDay, hours: Sequence[StagedHour], folder: Path) -> StoredDay:
        """Stores the staged hours; as blocks where the day has blocks, because readers prefer those."""
        now_ms = self.ingest.now()
        files = self.staging.fetch(run_id, day, hours, folder)
        if day.span.end_ms > now_ms:
            return self._write_blocks(day, hours, files)
        if not self.archiver.ledger.archive_record(day).has_blocks(now_ms):
            # A sync or another backfill may write blocks until the file is built.
            with contextlib.suppress(BlocksExistError):
                return self._archive(day, hours, files)
        return self._archive_blocks(day, self._write_blocks(day, hours, files))

    def _archive(
        self, day: SiteDay, hours: Sequence[StagedHour], files: Mapping[int, list[Path]]
    ) -> StoredDay:
        """Merges the staged hours into the day's file."""
        parts = staged_hour.StagedParts([file for hour in hours for file in files[hour.hour]])
        facts = self.archiver.archive_fresh(day, parts.group, SOURCE)
        counts = {
            hour.start_ms + window * WINDOW_MS: count
            for hour in hours
            for window, count in enumerate(hour.windows)
        }
        self._record(day.site, hours, counts)
        return StoredDay(int(facts["rows"]))

    def _write_blocks(
        self, day: SiteDay, hours: Sequence[StagedHour], files: Mapping[int, list[Path]]
    ) -> StoredDay:
        """Writes the staged hours to the hot tier."""
        tally = Tally()
        for hour in hours:
            parts = map(staged_hour.decode, files[hour.hour])
            span = Span(hour.start_ms, hour.end_ms)
            self.ingest.write(day.site, span, parts, hour.fetched_ms, tally, hour.points)
        # Recorded hour by hour, a day claims no point that it lacked before. It was read whole for these.
        self._record(day.site, hours, {})
        return StoredDay(sum(hour.samples for hour in hours), tally.rejected.total())

    def _archive_blocks(self, day: SiteDay, stored: StoredDay) -> StoredDay:
        """Archives a day that is over from its blocks."""
        try:
            rows = int(self.archiver.archive(day, lambda: SOURCE)["rows"])
        except ConflictError:
            # The live sync writes to the day. Its blocks have all that was read; it is due again tonight.
            return stored
        return StoredDay(rows, stored.rejected)

    def _record(self, site: str, hours: Sequence[StagedHour], counts: dict[int, int]) -> None:
        """Notes these hours as polled at once, for the points that every one of them was read for."""
        if not hours:
            return
        points = functools.reduce(operator.and_, (hour.points for hour in hours))
        span = Span(hours[0].start_ms, hours[-1].end_ms)
        self.archiver.ledger.record(site, span, counts, points)
