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
from vitals.model.timespan import DAY_MS, day_name
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

    def archive(self, site: str, day_ms: int, prepare: Callable[[], str] = lambda: "hot") -> Facts:
        """Archives the day from its file and blocks; `prepare` may add blocks first and names the source.

        Returns a receipt; safe to repeat, to race and to kill. Every error leaves the day due, its blocks
        without expiry, and the file before in place.
        """
        with self._attempt(site, day_ms) as done:
            source = prepare()
            return done(source, self._archive(site, day_ms))

    def archive_fresh(self, site: str, day_ms: int, fresh: Callable[[int], Samples], source: str) -> Facts:
        """The same for a day without blocks: from its file and what was just read, which wins.

        `fresh` gives the samples of one group. The day is read from its file from then on.
        """
        with self._attempt(site, day_ms) as done:
            return done(source, self._archive(site, day_ms, fresh))

    def is_hot(self, day_ms: int) -> bool:
        """Whether the day lies within the hot window."""
        return day_ms + DAY_MS + self.hot_days * DAY_MS > self.now()

    @contextmanager
    def _attempt(self, site: str, day_ms: int) -> Iterator[Callable[[str, Facts], Facts]]:
        attempts = self.ledger.archive_record(site, day_ms).attempts + 1
        self.ledger.note_archive(site, day_ms, attempts=attempts)
        started_ms = self.now()

        def done(source: str, facts: Facts) -> Facts:
            seconds = (self.now() - started_ms) / 1000
            outcome: Facts = {"status": "done", "source": source, "seconds": seconds, "error": ""}
            self.ledger.note_own_archive(site, day_ms, began_ms=facts["began_ms"], **outcome)
            return {"site": site, "date": day_name(day_ms), "source": source, "attempts": attempts, **facts}

        try:
            yield done
        except Exception as error:
            self.ledger.note_archive(site, day_ms, status="failed", error=f"{type(error).__name__}: {error}")
            raise

    def _archive(self, site: str, day_ms: int, fresh: Callable[[int], Samples] | None = None) -> Facts:
        day, began_ms = day_name(day_ms), self.now()
        # After `began_ms`: a block that is read must hold no point that this catalog lacks.
        catalog = self.catalogs.load(site)
        if not catalog.points:
            raise NotFoundError(f"site {site} has no catalog yet")
        existing, checksum = self._existing(site, day)
        expires_ms = began_ms if fresh else self._expires_ms(site, day_ms)
        with tempfile.TemporaryDirectory() as folder:
            sink = Path(folder) / "samples.parquet"
            built = build_day(site, day_ms, catalog, self.hot, self.cold, existing, sink, began_ms, fresh)
            written = built.written
            same = existing is not None and checksum == written.contents.checksum
            if existing is None or not same:
                # A day that is settled must not look so while its rollups follow another file.
                self.ledger.note_archive(site, day_ms, status="building")
                self.ledger.bring_expiry_forward(site, day_ms, expires_ms)
                existing = self.cold.put(site, day, sink, written.contents, existing)
        self._verify(site, day, existing, written, fresh=not same)
        facts = {"began_ms": began_ms, **_facts(existing, built)}
        self.ledger.bring_expiry_forward(site, day_ms, expires_ms)
        self.ledger.note_newer_archive(site, day_ms, status="verified", **facts)
        self.rollups.write(site, day_ms, built.rollups, began_ms)
        lives_until_ms = max(expires_ms, self.now() + EXPIRY_GRACE_MS)
        changed = self.hot.expire(site, built.blocks, lives_until_ms // 1000)
        if changed:
            # Written to since they were read, so marked as changed too: the day stays due, these blocks stay.
            raise ConflictError(f"{changed} blocks of {site}, {day} changed while it was archived")
        return facts

    def _expires_ms(self, site: str, day_ms: int) -> int:
        """Until when the day's blocks live at least, once said for good: some may be gone already."""
        known = self.ledger.archive_record(site, day_ms).expires_ms
        if known is not None:
            return known
        return max(day_ms + DAY_MS + self.hot_days * DAY_MS, self.now() + EXPIRY_GRACE_MS)

    def _existing(self, site: str, day: str) -> tuple[Stored | None, str]:
        try:
            stored, contents = self.cold.describe(site, day)
        except DayFileMissingError:
            return None, ""
        return stored, contents.checksum

    def _verify(self, site: str, day: str, stored: Stored, written: WrittenFile, *, fresh: bool) -> None:
        try:
            found = day_file.checksums(self.cold.groups(site, day, stored))
            if found != written.checks:
                wrong = sum(found.get(name) != check for name, check in written.checks.items())
                raise ArchiveVerificationError(f"{wrong} points of {site}, {day} are not as they were built")
        except (ArchiveVerificationError, DayFileError):
            if fresh:
                self.cold.discard(site, day, stored)
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
