"""Storing the staged spans of a day where readers look for them: in its file, or in its blocks."""

import contextlib
import functools
import itertools
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vitals.codec import staged_span
from vitals.errors import BlocksExistError, ConflictError
from vitals.model.site_day import SiteDay
from vitals.model.timespan import WINDOW_MS, Span
from vitals.pipeline.archiver import Archiver
from vitals.pipeline.ingest import Ingest, Tally
from vitals.store.tiers.staging import StagedSpan, StagingArea

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

    def store(self, run_id: str, day: SiteDay, spans: Sequence[StagedSpan], folder: Path) -> StoredDay:
        """Stores the staged spans; as blocks where the day has blocks, because readers prefer those."""
        now_ms = self.ingest.now()
        files = self.staging.fetch(run_id, day, spans, folder)
        if day.span.end_ms > now_ms:
            return self._write_blocks(day, spans, files)
        if not self.archiver.ledger.archive_record(day).has_blocks(now_ms):
            # A sync or another backfill may write blocks until the file is built.
            with contextlib.suppress(BlocksExistError):
                return self._archive(day, spans, files)
        return self._archive_blocks(day, self._write_blocks(day, spans, files))

    def _archive(
        self, day: SiteDay, spans: Sequence[StagedSpan], files: Sequence[Sequence[Path]]
    ) -> StoredDay:
        """Merges the staged spans into the day's file."""
        parts = staged_span.StagedParts(itertools.chain.from_iterable(files))
        facts = self.archiver.archive_fresh(day, parts.group, SOURCE)
        counts = {
            staged.start_ms + window * WINDOW_MS: count
            for staged in spans
            for window, count in enumerate(staged.windows)
        }
        self._record(day.site, spans, counts)
        return StoredDay(int(facts["rows"]))

    def _write_blocks(
        self, day: SiteDay, spans: Sequence[StagedSpan], files: Sequence[Sequence[Path]]
    ) -> StoredDay:
        """Writes the staged spans to the hot tier."""
        tally = Tally()
        for staged, staged_files in zip(spans, files, strict=True):
            parts = map(staged_span.decode, staged_files)
            self.ingest.write(day.site, staged.span, parts, staged.fetched_ms, tally, staged.points)
        # Recorded span by span, a day claims no point that it lacked before. It was read whole for these.
        self._record(day.site, spans, {})
        return StoredDay(sum(staged.samples for staged in spans), tally.rejected.total())

    def _archive_blocks(self, day: SiteDay, stored: StoredDay) -> StoredDay:
        """Archives a day that is over from its blocks."""
        try:
            rows = int(self.archiver.archive(day, lambda: SOURCE)["rows"])
        except ConflictError:
            # The live sync writes to the day. Its blocks have all that was read; it is due again tonight.
            return stored
        return StoredDay(rows, stored.rejected)

    def _record(self, site: str, spans: Sequence[StagedSpan], counts: dict[int, int]) -> None:
        """Notes these spans as polled at once, for the points that every one of them was read for."""
        if not spans:
            return
        points = functools.reduce(operator.and_, (staged.points for staged in spans))
        whole = Span(spans[0].start_ms, spans[-1].end_ms)
        self.archiver.ledger.record(site, whole, counts, points)
