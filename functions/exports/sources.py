"""What an export's parts are read from: the archive by SQL, or a day merged anew from file and blocks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from exports import convert
from exports.unload import ArchiveUnload, fits_a_query
from vitals.catalog import CatalogTable
from vitals.cold import ColdTier, Stored
from vitals.daybuilder import build_day
from vitals.errors import ConflictError, DayFileMissingError
from vitals.exports import Part
from vitals.hot import HotTier
from vitals.ledger import Ledger
from vitals.timespan import DAY_MS, Span, day_name

# The live sync writes to today while it is read.
_ATTEMPTS = 4


@dataclass(slots=True)
class Reading:
    """How one part is read: names of points or None for all, a folder of its own, and a new name for a place.

    `go_on` is called often and raises to end the reading; `scanned` becomes the bytes that Athena read.
    """

    site: str
    part: Part
    names: Sequence[str] | None
    folder: Path
    place: str
    timeout_s: float
    go_on: Callable[[], None]
    scanned: int = 0

    @property
    def span(self) -> Span:
        return Span(self.part.start_ms, self.part.end_ms)


class Source(Protocol):
    """Gives the samples of a part as record batches, each sample once."""

    def read(self, reading: Reading) -> Iterator[Any]: ...


@dataclass(frozen=True, slots=True)
class ArchiveSource:
    """Days that are settled, by one query of Athena."""

    unload: ArchiveUnload
    cold: ColdTier

    def read(self, reading: Reading) -> Iterator[Any]:
        """DayFileMissingError for a day without a file, which to Athena is just a day without rows."""
        site, span = reading.site, reading.span
        present = self.cold.present(site, day_name(span.start_ms), day_name(span.end_ms - 1))
        for day_ms in range(span.start_ms - span.start_ms % DAY_MS, span.end_ms, DAY_MS):
            if day_name(day_ms) not in present:
                raise DayFileMissingError(f"the file of {site}, {day_name(day_ms)} does not exist")
        names = reading.names
        asked = names if names is not None and fits_a_query(names) else None
        left = self.unload.run(site, asked, span, reading.place, reading.timeout_s, reading.go_on)
        reading.scanned = left.scanned
        for address in left.addresses:
            reading.go_on()
            with self.unload.fetched(address, reading.folder) as file:
                yield from convert.rows(file, names, span)


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
        day_ms = reading.span.start_ms - reading.span.start_ms % DAY_MS
        file = reading.folder / "day.parquet"
        for attempt in range(1, _ATTEMPTS + 1):
            reading.go_on()
            try:
                self._build(reading.site, day_ms, file)
                break
            except ConflictError:
                if attempt == _ATTEMPTS:
                    raise
        yield from convert.rows(file, reading.names, reading.span)
        file.unlink()

    def _build(self, site: str, day_ms: int, file: Path) -> None:
        began_ms = self.now()
        # After `began_ms`: a block that is read must hold no point that this catalog lacks.
        catalog = self.catalogs.load(site)
        existing = self._existing(site, day_ms)
        build_day(site, day_ms, catalog, self.hot, self.cold, existing, file, began_ms)

    def _existing(self, site: str, day_ms: int) -> Stored | None:
        try:
            return self.cold.describe(site, day_name(day_ms))[0]
        except DayFileMissingError:
            if self.ledger.archive_record(site, day_ms).etag:
                raise
            return None
