"""Archives one day, in an order that is safe to kill at any step and to repeat:

build → ledger → put → read back and compare → ledger → footer → rollups → expires_at on the blocks → quality
→ ledger

The ledger names the attempt that started last. An earlier one can no longer change the day's status, so that
a day is only done with the file, the rollups, the expiries and the quality of one attempt.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vitals.aws.runtime import SYSTEM, Runtime
from vitals.codec import day_file
from vitals.codec.day_file import WrittenFile
from vitals.codec.quality_file import QualityHead
from vitals.errors import (
    ArchiveVerificationError,
    BlocksExistError,
    ConflictError,
    DayFileError,
    DayFileMissingError,
    NotFoundError,
)
from vitals.model.points import Catalog, Point
from vitals.model.quality.day import DayQualityBuilder
from vitals.model.records.ledger import ArchivedFile, ArchivedQuality, Attempt
from vitals.model.samples import Samples
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS
from vitals.pipeline.day_builder import BuiltDay, build_day
from vitals.pipeline.inspection import DayInspection
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.stores import Stores
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.day_object import Stored
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.quality_files import QualityFiles
from vitals.store.tiers.rollups import RollupTier

type Receipt = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Archiver:
    """Archives site-days; `now` returns UTC ms."""

    hot: HotTier
    cold: ColdTier
    rollups: RollupTier
    quality_files: QualityFiles
    catalogs: CatalogTable
    ledger: Ledger
    now: Callable[[], int]
    hot_days: int
    new_id: Callable[[], str] = SYSTEM.new_id

    @classmethod
    def connect(cls, stores: Stores, runtime: Runtime, hot_days: int) -> "Archiver":
        """Returns the archiver of these stores."""
        return cls(
            hot=stores.hot,
            cold=stores.cold,
            rollups=stores.rollups,
            quality_files=stores.quality_files,
            catalogs=stores.catalogs,
            ledger=stores.ledger,
            now=runtime.now_ms,
            hot_days=hot_days,
            new_id=runtime.new_id,
        )

    def archive(self, day: SiteDay, prepare: Callable[[], str] = lambda: "hot") -> Receipt:
        """Archives the day from its file and blocks; `prepare` may add blocks first and names the source.

        Returns a receipt; safe to repeat, to race and to kill. Every error leaves the day due, its blocks
        without expiry, and the previous file in place.
        """
        with self._attempt(day) as attempt:
            return self._archive(attempt, prepare())

    def archive_fresh(self, day: SiteDay, fresh: Callable[[int], Samples], source: str) -> Receipt:
        """Archives a day without blocks from its file and fresh samples, which win.

        `fresh` returns the samples of one group. Afterwards readers take the day from its file.
        BlocksExistError when the day has blocks: these may be newer than `fresh`, and readers prefer them.
        """
        with self._attempt(day) as attempt:
            return self._archive(attempt, source, fresh)

    def is_hot(self, day: SiteDay) -> bool:
        """Returns whether the day lies within the hot window."""
        return day.span.end_ms + self.hot_days * DAY_MS > self.now()

    @contextmanager
    def _attempt(self, day: SiteDay) -> Iterator[Attempt]:
        """Counts the attempt first, and records the error that ends it."""
        attempt = Attempt.after(day, self.ledger.archive_record(day), self.now(), self.new_id())
        self.ledger.apply(day, attempt.started())
        try:
            yield attempt
        except Exception as error:
            self.ledger.apply(day, attempt.failed(error))
            raise

    def _archive(
        self, attempt: Attempt, source: str, fresh: Callable[[int], Samples] | None = None
    ) -> Receipt:
        day = attempt.site_day
        # Before `began_ms`: blocks that have expired by then are in this file, or in one that replaces it.
        existing = self._existing(day)
        attempt = self._begin_read(attempt, source, without_blocks=fresh is not None)
        # Loaded after `began_ms`, so that it has every point of the blocks that are read.
        catalog = self.catalogs.load(day.site)
        if not catalog.points:
            raise NotFoundError(f"site {day.site} has no catalog yet; sync it first")
        inspection = DayInspection(DayQualityBuilder(day, attempt.began_ms))
        built, stored = self._build(attempt, catalog, existing, fresh, inspection.add)
        file = _archived_file(stored, built)
        self.ledger.apply(day, attempt.verified(file))
        self.cold.copy_footer(day, stored, attempt.began_ms)
        self.rollups.write(day, built.rollups, attempt.began_ms)
        self._expire_blocks(attempt, built)
        quality = self._store_quality(attempt, inspection)
        self.ledger.apply(day, attempt.done(self.now(), quality))
        return {
            "site": day.site,
            "date": day.date,
            "source": source,
            "attempts": attempt.number,
            "began_ms": attempt.began_ms,
            **asdict(file),
            "findings": quality.findings,
            "quality_error": quality.quality_error,
        }

    def _begin_read(self, attempt: Attempt, source: str, *, without_blocks: bool) -> Attempt:
        record, now_ms = self.ledger.archive_record(attempt.site_day), self.now()
        expires_ms = now_ms if without_blocks else record.block_expiry_ms(self.hot_days, now_ms)
        return attempt.begin_read(record, now_ms=now_ms, source=source, expires_ms=expires_ms)

    def _existing(self, day: SiteDay) -> tuple[Stored | None, str]:
        """Returns the version of the day's file and its checksum; None and "" when there is no file."""
        try:
            stored, contents = self.cold.describe(day)
        except DayFileMissingError:
            return None, ""
        return stored, contents.checksum

    def _build(
        self,
        attempt: Attempt,
        catalog: Catalog,
        existing: tuple[Stored | None, str],
        fresh: Callable[[int], Samples] | None,
        inspect: Callable[[Sequence[Point], Samples], None],
    ) -> tuple[BuiltDay, Stored]:
        """Builds the day's file, replaces the existing one if it differs, and verifies the stored file."""
        day, (stored, checksum) = attempt.site_day, existing
        with tempfile.TemporaryDirectory() as folder:
            sink = Path(folder) / "samples.parquet"
            built = build_day(
                day,
                catalog,
                hot=self.hot,
                cold=self.cold,
                existing=stored,
                sink=sink,
                now_ms=attempt.began_ms,
                fresh=fresh,
                inspect=inspect,
            )
            if fresh and built.blocks:
                raise BlocksExistError(f"{day} has {len(built.blocks)} blocks; archive it from them")
            contents = built.written.contents
            replaced = stored is None or checksum != contents.checksum
            if stored is None or replaced:
                self.ledger.apply(day, attempt.replacing(stored.etag if stored else "", self.now()))
                stored = self.cold.put(day, sink, contents, stored)
        self._verify(attempt, stored, built.written, replaced=replaced)
        return built, stored

    def _verify(self, attempt: Attempt, stored: Stored, written: WrittenFile, *, replaced: bool) -> None:
        day = attempt.site_day
        try:
            checks = day_file.checksums(self.cold.groups(day, stored))
            if checks != written.checks:
                wrong = sum(checks.get(name) != check for name, check in written.checks.items())
                raise ArchiveVerificationError(f"verification failed for {wrong} points of {day}")
        except (ArchiveVerificationError, DayFileError):
            if replaced:
                self._discard(attempt, stored)
            raise

    def _discard(self, attempt: Attempt, stored: Stored) -> None:
        """Deletes a file that is not as it was built, unless a later attempt has started."""
        try:
            self.ledger.apply(attempt.site_day, attempt.replacing(stored.etag, self.now()))
        except ConflictError:
            # It may have verified this file, or may build on it.
            return
        self.cold.discard(attempt.site_day, stored)

    def _expire_blocks(self, attempt: Attempt, built: BuiltDay) -> None:
        """Marks the blocks that the file was built from; ConflictError when some of them have changed."""
        day, expires_ms = attempt.site_day, attempt.blocks_expire_ms(self.now())
        changed = self.hot.expire(day.site, built.blocks, expires_ms // 1000)
        if changed:
            # The writer has marked the day as changed too: it remains due, and these blocks remain.
            raise ConflictError(f"{changed} blocks of {day} changed while it was archived")

    def _store_quality(self, attempt: Attempt, inspection: DayInspection) -> ArchivedQuality:
        """Stores the day's quality; ConflictError when an attempt that began later has stored one."""
        day, head = attempt.site_day, QualityHead(attempt.id, attempt.began_ms)
        file = inspection.finish(self.ledger.rejected(day.site, day.span), head)
        etag = self.quality_files.put(day, file.data, head)
        if file.error:
            return ArchivedQuality(quality_error=file.error)
        return ArchivedQuality(quality=etag, findings=file.counts)


def _archived_file(stored: Stored, built: BuiltDay) -> ArchivedFile:
    contents = built.written.contents
    return ArchivedFile(
        rows=contents.rows,
        points=contents.points,
        bytes=stored.size,
        checksum=contents.checksum,
        etag=stored.etag,
        version=stored.version_id,
        windows=built.windows,
    )
