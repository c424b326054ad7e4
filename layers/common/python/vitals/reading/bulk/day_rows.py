"""The rows of an unsettled day: its file and its blocks, merged by the day builder."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from vitals.aws.runtime import Runtime
from vitals.codec.day_file import WrittenFile
from vitals.errors import ConflictError, DayFileMissingError
from vitals.model.row_counts import RowCounts
from vitals.model.site_day import SiteDay
from vitals.pipeline.day_builder import build_day
from vitals.reading.bulk.record_batches import record_batches
from vitals.reading.bulk.request import BulkRequest, BulkRows
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.stores import Stores
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.day_object import Stored
from vitals.store.tiers.hot import HotTier

# The live sync writes to today while it is read.
_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class DayRows:
    """Reads one day from a file that is built from its stored samples; `now` returns UTC ms."""

    hot: HotTier
    cold: ColdTier
    catalogs: CatalogTable
    ledger: Ledger
    now: Callable[[], int]

    @classmethod
    def connect(cls, stores: Stores, runtime: Runtime) -> Self:
        """Returns the reader of days in these stores."""
        return cls(
            hot=stores.hot,
            cold=stores.cold,
            catalogs=stores.catalogs,
            ledger=stores.ledger,
            now=runtime.now_ms,
        )

    def read(self, request: BulkRequest) -> BulkRows:
        """Builds the file and returns its rows; ConflictError when the day changes in every attempt."""
        day = SiteDay.containing(request.site, request.span.start_ms)
        file = request.folder / "day.parquet"
        return BulkRows(_batches(request, day, file, self._built(request, day, file)))

    def _built(self, request: BulkRequest, day: SiteDay, file: Path) -> WrittenFile:
        for _ in range(_ATTEMPTS - 1):
            request.check()
            try:
                return self._build(day, file)
            except ConflictError:
                continue
        request.check()
        return self._build(day, file)

    def _build(self, day: SiteDay, file: Path) -> WrittenFile:
        # Before `began_ms`: a file that is put after that may be newer than blocks that expire meanwhile.
        existing = self._existing(day)
        began_ms = self.now()
        # Loaded after `began_ms`, so that it has every point of the blocks that are read.
        catalog = self.catalogs.load(day.site)
        return build_day(
            day,
            catalog,
            hot=self.hot,
            cold=self.cold,
            existing=existing,
            sink=file,
            now_ms=began_ms,
        ).written

    def _existing(self, day: SiteDay) -> Stored | None:
        try:
            return self.cold.describe(day)[0]
        except DayFileMissingError:
            if self.ledger.archive_record(day).etag:
                raise
            return None


def _batches(request: BulkRequest, day: SiteDay, file: Path, written: WrittenFile) -> Iterator[Any]:
    counts = RowCounts(request.span, "the built file")
    yield from record_batches(file, request.names, request.span, counts)
    _check_rows(request, day, written, counts)
    file.unlink()


def _check_rows(request: BulkRequest, day: SiteDay, written: WrittenFile, counts: RowCounts) -> None:
    """Raises RowCountError when the rows read differ from those that the builder wrote."""
    expected = {day.day_ms: _rows_of(written, request.names)} if request.whole_days else {}
    errors = counts.mismatches(expected)
    for error in (counts.mismatch_of_all(written.contents.rows, day.date), *errors.values()):
        if error:
            raise error


def _rows_of(written: WrittenFile, names: Sequence[str] | None) -> int:
    checks = written.checks
    return sum(checks[name].rows for name in (checks if names is None else names) if name in checks)
