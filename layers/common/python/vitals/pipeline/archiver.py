"""Archiving one day. The order is what makes it safe to die anywhere and to run again:

build → ledger → put → read back and compare → ledger → rollups → expires_at on the blocks → ledger
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitals.aws.runtime import Runtime
from vitals.codec import day_file
from vitals.codec.day_file import WrittenFile
from vitals.errors import (
    ArchiveVerificationError,
    ConflictError,
    DayFileError,
    DayFileMissingError,
    NotFoundError,
)
from vitals.model.records.ledger import EXPIRY_GRACE_MS
from vitals.model.samples import Samples
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS
from vitals.pipeline.day_builder import Built, build_day
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.stores import Stores
from vitals.store.tiers.cold import ColdTier, Stored
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.rollups import RollupTier

type Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Archiver:
    """What archiving works with; `now` gives UTC ms."""

    hot: HotTier
    cold: ColdTier
    rollups: RollupTier
    catalogs: CatalogTable
    ledger: Ledger
    now: Callable[[], int]
    hot_days: int

    @classmethod
    def connect(cls, stores: Stores, runtime: Runtime, hot_days: int) -> "Archiver":
        """Returns the archiver of these stores."""
        return cls(
            hot=stores.hot,
            cold=stores.cold,
            rollups=stores.rollups,
            catalogs=stores.catalogs,
            ledger=stores.ledger,
            now=runtime.now_ms,
            hot_days=hot_days,
        )

    def archive(self, day: SiteDay, prepare: Callable[[], str] = lambda: "hot") -> Facts:
        """Archives the day from its file and blocks; `prepare` may add blocks first and names the source.

        Returns a receipt; safe to repeat, to race and to kill. Every error leaves the day due, its blocks
        without expiry, and the file before in place.
        """
        with self._attempt(day) as done:
            source = prepare()
            return done(source, self._archive(day))

    def archive_fresh(self, day: SiteDay, fresh: Callable[[int], Samples], source: str) -> Facts:
        """The same for a day without blocks: from its file and what was just read, which wins.

        `fresh` gives the samples of one group. The day is read from its file from then on.
        """
        with self._attempt(day) as done:
            return done(source, self._archive(day, fresh))

    def is_hot(self, day: SiteDay) -> bool:
        """Whether the day lies within the hot window."""
        return day.span.end_ms + self.hot_days * DAY_MS > self.now()

    @contextmanager
    def _attempt(self, day: SiteDay) -> Iterator[Callable[[str, Facts], Facts]]:
        attempts = self.ledger.archive_record(day).attempts + 1
        self.ledger.note_archive(day, attempts=attempts)
        started_ms = self.now()

        def done(source: str, facts: Facts) -> Facts:
            seconds = (self.now() - started_ms) / 1000
            outcome: Facts = {"status": "done", "source": source, "seconds": seconds, "error": ""}
            self.ledger.note_own_archive(day, began_ms=facts["began_ms"], **outcome)
            return {"site": day.site, "date": day.date, "source": source, "attempts": attempts, **facts}

        try:
            yield done
        except Exception as error:
            self.ledger.note_archive(day, status="failed", error=f"{type(error).__name__}: {error}")
            raise

    def _archive(self, day: SiteDay, fresh: Callable[[int], Samples] | None = None) -> Facts:
        began_ms = self.now()
        # After `began_ms`: a block that is read must hold no point that this catalog lacks.
        catalog = self.catalogs.load(day.site)
        if not catalog.points:
            raise NotFoundError(f"site {day.site} has no catalog yet")
        existing, checksum = self._existing(day)
        expires_ms = began_ms if fresh else self._expires_ms(day)
        with tempfile.TemporaryDirectory() as folder:
            sink = Path(folder) / "samples.parquet"
            built = build_day(
                day,
                catalog,
                hot=self.hot,
                cold=self.cold,
                existing=existing,
                sink=sink,
                now_ms=began_ms,
                fresh=fresh,
            )
            written = built.written
            same = existing is not None and checksum == written.contents.checksum
            if existing is None or not same:
                # A day that is settled must not look so while its rollups follow another file.
                self.ledger.note_archive(day, status="building")
                self.ledger.bring_expiry_forward(day, expires_ms)
                existing = self.cold.put(day, sink, written.contents, existing)
        self._verify(day, existing, written, fresh=not same)
        facts = {"began_ms": began_ms, **_facts(existing, built)}
        self.ledger.bring_expiry_forward(day, expires_ms)
        self.ledger.note_newer_archive(day, status="verified", **facts)
        self.rollups.write(day, built.rollups, began_ms)
        lives_until_ms = max(expires_ms, self.now() + EXPIRY_GRACE_MS)
        changed = self.hot.expire(day.site, built.blocks, lives_until_ms // 1000)
        if changed:
            # Written to since they were read, so marked as changed too: the day stays due, these blocks stay.
            raise ConflictError(f"{changed} blocks of {day} changed while it was archived")
        return facts

    def _expires_ms(self, day: SiteDay) -> int:
        """Until when the day's blocks live at least, once said for good: some may be gone already."""
        known = self.ledger.archive_record(day).expires_ms
        if known is not None:
            return known
        return max(day.span.end_ms + self.hot_days * DAY_MS, self.now() + EXPIRY_GRACE_MS)

    def _existing(self, day: SiteDay) -> tuple[Stored | None, str]:
        try:
            stored, contents = self.cold.describe(day)
        except DayFileMissingError:
            return None, ""
        return stored, contents.checksum

    def _verify(self, day: SiteDay, stored: Stored, written: WrittenFile, *, fresh: bool) -> None:
        try:
            found = day_file.checksums(self.cold.groups(day, stored))
            if found != written.checks:
                wrong = sum(found.get(name) != check for name, check in written.checks.items())
                raise ArchiveVerificationError(f"verification failed for {wrong} points of {day}")
        except (ArchiveVerificationError, DayFileError):
            if fresh:
                self.cold.discard(day, stored)
            raise


def _facts(stored: Stored, built: Built) -> Facts:
    contents = built.written.contents
    return {
        "rows": contents.rows,
        "points": contents.points,
        "bytes": stored.size,
        "checksum": contents.checksum,
        "etag": stored.etag,
        "version": stored.version_id,
        "windows": built.windows,
    }
