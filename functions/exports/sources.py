"""What an export's parts are read from: the archive by SQL, or a day merged anew from file and blocks."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
from typing import Any, Protocol

from exports import convert
from exports.unload import ArchiveUnload
from vitals.codec.day_file import WrittenFile
from vitals.errors import ConflictError, DayFileMissingError, RowCountError
from vitals.model.records.exports import ExportPart
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.row_counts import RowCounts, partial_days
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, Span, day_name
from vitals.pipeline.day_builder import build_day
from vitals.store.state.catalog import CatalogTable
from vitals.store.state.ledger import Ledger
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.day_object import Stored
from vitals.store.tiers.hot import HotTier
from vitals.store.tiers.rollups import RollupTier

# The live sync writes to today while it is read.
_ATTEMPTS = 4
# What the rollups of a part's points take in memory at once: 730 numbers each.
_POINTS_AT_ONCE = 256


@dataclass(slots=True)
class Reading:
    """How one part is read: names of points or None for all, a folder of its own, and a new name for a place.

    `ids` are the points' own. `go_on` is called often and raises to end the reading; `scanned` becomes the
    bytes that Athena read.
    """

    site: str
    part: ExportPart
    names: Sequence[str] | None
    folder: Path
    place: str
    timeout_s: float
    go_on: Callable[[], None]
    scanned: int = 0
    ids: Sequence[int] = ()

    @property
    def whole_days(self) -> bool:
        return not partial_days(self.span)

    @property
    def span(self) -> Span:
        return Span(self.part.start_ms, self.part.end_ms)


class Source(Protocol):
    """Gives the samples of a part as record batches, each sample once."""

    def read(self, reading: Reading) -> Iterator[Any]: ...


@dataclass(frozen=True, slots=True)
class ArchiveSource:
    """Days that are settled, by one query of Athena, whose rows are counted."""

    unload: ArchiveUnload
    cold: ColdTier
    ledger: Ledger
    rollups: RollupTier

    def read(self, reading: Reading) -> Iterator[Any]:
        """RowCountError, after the last batch, for a day of which fewer or more rows came than it has.

        DayFileMissingError for a day without a file, which to Athena is just a day without rows, and
        ConflictError for one that is being archived again.
        """
        site, span = reading.site, reading.span
        present = self.cold.present(site, span)
        for day_ms in range(span.start_ms - span.start_ms % DAY_MS, span.end_ms, DAY_MS):
            if day_ms not in present:
                raise DayFileMissingError(f"the file of {site}, {day_name(day_ms)} does not exist")
        records = self._records(site, span)
        left = self.unload.run(site, reading.names, span, reading.place, reading.timeout_s, reading.go_on)
        reading.scanned = left.scanned
        counts = RowCounts(span)
        for address in left.addresses:
            reading.go_on()
            with self.unload.fetched(address, reading.folder) as file:
                yield from convert.rows(file, reading.names, span, counts)
        self._check(reading, records, counts)

    def _records(self, site: str, span: Span) -> dict[int, ArchiveRecord]:
        """The ledger's record of every day of the span."""
        records = {record.day_ms: record for record in self.ledger.archive_records(site, span)}
        for day_ms in range(span.start_ms - span.start_ms % DAY_MS, span.end_ms, DAY_MS):
            if day_ms not in records or not records[day_ms].countable:
                raise ConflictError(f"{day_name(day_ms)} of {site} is being archived again; try again later")
        return records

    def _check(self, reading: Reading, records: Mapping[int, ArchiveRecord], counts: RowCounts) -> None:
        """Compares what came with the rows that the ledger or, of some points, their rollups have."""
        site = reading.site
        differing = counts.mismatches(self._expected(reading, records, consistent=False))
        if not differing:
            return
        now = {day_ms: records[day_ms] for day_ms in differing}
        errors = counts.mismatches(self._expected(reading, now, consistent=True))
        # After the rollups: a record that is still the same vouches for them.
        for day_ms in differing:
            if not records[day_ms].same_archive(self.ledger.archive_record(SiteDay(site, day_ms))):
                raise ConflictError(f"{day_name(day_ms)} of {site} was archived again while it was read")
        if errors:
            first, *others = errors.values()
            raise RowCountError(f"{first}; {len(others)} more days differ" if others else str(first))

    def _expected(
        self, reading: Reading, records: Mapping[int, ArchiveRecord], *, consistent: bool
    ) -> dict[int, int]:
        """How many rows of the points each day has, by day start."""
        if reading.names is None:
            return {day_ms: record.rows for day_ms, record in records.items()}
        counts: Counter[int] = Counter()
        days = Span(min(records), max(records) + DAY_MS)
        for ids in batched(reading.ids, _POINTS_AT_ONCE, strict=False):
            reading.go_on()
            counts.update(self.rollups.day_counts(reading.site, ids, days, consistent=consistent))
        return {day_ms: counts[day_ms] for day_ms in records}


@dataclass(frozen=True, slots=True)
class DaySource:
    """A day that is not settled: its file and its blocks, merged by the day builder."""

    hot: HotTier
    cold: ColdTier
    catalogs: CatalogTable
    ledger: Ledger
    now: Callable[[], int]

    def read(self, reading: Reading) -> Iterator[Any]:
        """ConflictError when the day changes under every attempt."""
        day = SiteDay.of(reading.site, reading.span.start_ms)
        file = reading.folder / "day.parquet"
        written = self._built(reading, day, file)
        counts = RowCounts(reading.span, "the built file")
        yield from convert.rows(file, reading.names, reading.span, counts)
        _check_built(reading, day.day_ms, written, counts)
        file.unlink()

    def _built(self, reading: Reading, day: SiteDay, file: Path) -> WrittenFile:
        for _ in range(_ATTEMPTS - 1):
            reading.go_on()
            try:
                return self._build(day, file)
            except ConflictError:
                continue
        reading.go_on()
        return self._build(day, file)

    def _build(self, day: SiteDay, file: Path) -> WrittenFile:
        began_ms = self.now()
        # After `began_ms`: a block that is read must hold no point that this catalog lacks.
        catalog = self.catalogs.load(day.site)
        return build_day(
            day,
            catalog,
            hot=self.hot,
            cold=self.cold,
            existing=self._existing(day),
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


def _check_built(reading: Reading, day_ms: int, written: WrittenFile, counts: RowCounts) -> None:
    """RowCountError when other rows were read than the builder wrote: of the file, of the points in a day."""
    errors = counts.mismatches({day_ms: _rows_of(written, reading.names)}) if reading.whole_days else {}
    for error in (counts.mismatch_of_all(written.contents.rows, day_name(day_ms)), *errors.values()):
        if error:
            raise error


def _rows_of(written: WrittenFile, names: Sequence[str] | None) -> int:
    checks = written.checks
    return sum(checks[name].rows for name in (checks if names is None else names) if name in checks)
