"""The rows of settled days, by one query of Athena."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import batched
from typing import Any

from vitals.aws.runtime import SYSTEM
from vitals.errors import ConflictError, DayFileMissingError, RowCountError
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.row_counts import RowCounts
from vitals.model.site_day import SiteDay
from vitals.model.timespan import DAY_MS, Span, day_name
from vitals.reading.bulk.record_batches import record_batches
from vitals.reading.bulk.request import BulkRequest, BulkRows
from vitals.reading.bulk.unload import ArchiveUnload, Unloaded
from vitals.reading.day_tiers import must_be_consistent
from vitals.store.state.ledger import Ledger
from vitals.store.tiers.cold import ColdTier
from vitals.store.tiers.rollups import RollupTier

# Points whose rollups are in memory at once: 730 numbers each.
_POINTS_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class ArchiveRows:
    """Reads settled days by SQL, and compares the rows of each day with its record or rollups.

    `now` returns UTC ms.
    """

    unload: ArchiveUnload
    cold: ColdTier
    ledger: Ledger
    rollups: RollupTier
    now: Callable[[], int] = SYSTEM.now_ms

    def read(self, request: BulkRequest) -> BulkRows:
        """Runs the query and returns its rows, which end with RowCountError when the rows of a day differ.

        Raises DayFileMissingError for a day without a file, which Athena reads as a day without rows, and
        ConflictError for a day that is being archived again.
        """
        self._check_files(request)
        records = self._records(request.site, request.span)
        unloaded = self.unload.run(request)
        return BulkRows(self._batches(request, unloaded, records), unloaded.scanned_bytes)

    def _batches(
        self, request: BulkRequest, unloaded: Unloaded, records: Mapping[int, ArchiveRecord]
    ) -> Iterator[Any]:
        counts = RowCounts(request.span)
        for address in unloaded.addresses:
            request.check()
            with self.unload.fetched(address, request.folder) as file:
                yield from record_batches(file, request.names, request.span, counts)
        self._check_rows(request, records, counts)

    def _check_files(self, request: BulkRequest) -> None:
        present = self.cold.present(request.site, request.span)
        for day_ms in _days(request.span):
            if day_ms not in present:
                raise DayFileMissingError(f"the file of {request.site}, {day_name(day_ms)} does not exist")

    def _records(self, site: str, span: Span) -> dict[int, ArchiveRecord]:
        """Returns the ledger's record of every day of the span."""
        records = {record.day_ms: record for record in self.ledger.archive_records(site, span)}
        for day_ms in _days(span):
            if day_ms not in records or not records[day_ms].countable:
                raise ConflictError(f"{day_name(day_ms)} of {site} is being archived again; try again later")
        return records

    def _check_rows(
        self, request: BulkRequest, records: Mapping[int, ArchiveRecord], counts: RowCounts
    ) -> None:
        """Compares the number of rows with the records or, for named points, with their rollups."""
        site = request.site
        consistent = must_be_consistent(records.values(), self.now())
        differing = counts.mismatches(self._expected(request, records, consistent=consistent))
        if not differing:
            return
        differing_records = {day_ms: records[day_ms] for day_ms in differing}
        errors = counts.mismatches(self._expected(request, differing_records, consistent=True))
        # Read after the rollups: if the record has not changed, they belong to its archive.
        for day_ms, record in differing_records.items():
            if not record.same_archive(self.ledger.archive_record(SiteDay(site, day_ms))):
                raise ConflictError(f"{day_name(day_ms)} of {site} was archived again while it was read")
        if errors:
            first, *others = errors.values()
            raise RowCountError(f"{first}; {len(others)} more days differ" if others else str(first))

    def _expected(
        self, request: BulkRequest, records: Mapping[int, ArchiveRecord], *, consistent: bool
    ) -> dict[int, int]:
        """Returns how many rows of the points each day has, by day start."""
        if request.names is None:
            return {day_ms: record.rows for day_ms, record in records.items()}
        counts: Counter[int] = Counter()
        days = Span(min(records), max(records) + DAY_MS)
        for ids in batched(request.ids, _POINTS_AT_ONCE, strict=False):
            request.check()
            counts.update(self.rollups.day_counts(request.site, ids, days, consistent=consistent))
        return {day_ms: counts[day_ms] for day_ms in records}


def _days(span: Span) -> range:
    """Returns the starts of the days that the span touches."""
    return range(span.start_ms - span.start_ms % DAY_MS, span.end_ms, DAY_MS)
