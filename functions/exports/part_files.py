"""One part of an export: its rows read, and stored as files."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from exports.buckets.reading import BucketReader
from exports.file_writer import FileWriter
from vitals.model.points import Catalog
from vitals.model.records.exports import BUCKETS, Export, ExportPart, FinishedPart
from vitals.model.timespan import Span, day_name, iso
from vitals.reading.bulk.request import BulkRequest, BulkRows, RowReader
from vitals.store.tiers.export_files import ExportFiles


@dataclass(frozen=True, slots=True)
class PartRequest:
    """What to store of an export, on whose claim, within `timeout_s` for the query.

    `names` is None for every point. The `columns` of a part of buckets are points of the catalog, or sums;
    `holidays` are left out of them.
    `check` is called often, and ends the work by raising.
    """

    export: Export
    export_part: ExportPart
    names: Sequence[str] | None
    ids: Sequence[int]
    columns: Sequence[str]
    holidays: Sequence[str]
    catalog: Catalog
    claim: str
    timeout_s: float
    check: Callable[[], None]

    def file_name(self, number: int) -> str:
        """Returns the name of the part's file of this number.

        The claim is in it: two workers may store the same part, and their files are not cut alike. Several
        parts of buckets may begin on one day.
        """
        is_of_buckets = self.export_part.kind == BUCKETS
        first, last = (
            _minute(time_ms) if is_of_buckets else day_name(time_ms)
            for time_ms in (self.export_part.start_ms, self.export_part.end_ms - 1)
        )
        return f"{self.export.site}_{first}_{last}_{number:03d}_{self.claim[:8]}.{self.export.format}"


@dataclass(frozen=True, slots=True)
class PartFiles:
    """Stores the files of parts, each read by the reader of its kind."""

    files: ExportFiles
    readers: Mapping[str, RowReader]
    buckets: BucketReader
    new_name: Callable[[], str]
    max_file_bytes: int

    def store(self, request: PartRequest) -> FinishedPart:
        """Stores one part; after an error no file of it is left."""
        stored: list[tuple[str, int]] = []

        def store_file(file: Path) -> None:
            request.check()
            name = request.file_name(len(stored))
            stored.append((name, self.files.put(request.export.export, name, file)))

        try:
            rows, scanned_bytes = self._write(request, store_file)
        except Exception:
            # Should this fail too, the files expire with the others.
            self.files.discard(request.export.export, [name for name, _ in stored])
            raise
        return FinishedPart(rows, scanned_bytes, tuple(stored))

    def discard(self, export: Export, finished: FinishedPart) -> None:
        """Removes the files of a part that another worker finished first."""
        self.files.discard(export.export, [name for name, _ in finished.files])

    def _write(self, request: PartRequest, store_file: Callable[[Path], None]) -> tuple[int, int]:
        """Writes the files and passes each to `store_file`; returns the rows and the scanned bytes."""
        rows = 0
        with tempfile.TemporaryDirectory() as folder_name:
            folder = Path(folder_name)
            bulk = self._rows(request, folder)
            export = request.export
            with FileWriter(
                export.format, folder, store_file, self.max_file_bytes, export.timezone
            ) as writer:
                for batch in bulk.batches:
                    writer.add(batch)
                    rows += len(batch)
        return rows, bulk.scanned_bytes

    def _rows(self, request: PartRequest, folder: Path) -> BulkRows:
        if request.export_part.kind != BUCKETS:
            return self.readers[request.export_part.kind].read(self._bulk_request(request, folder))
        batches = self.buckets.batches(
            export=request.export,
            export_part=request.export_part,
            names=request.columns,
            holidays=request.holidays,
            catalog=request.catalog,
            check=request.check,
        )
        return BulkRows(batches)

    def _bulk_request(self, request: PartRequest, folder: Path) -> BulkRequest:
        return BulkRequest(
            site=request.export.site,
            span=Span(request.export_part.start_ms, request.export_part.end_ms),
            names=request.names,
            ids=request.ids,
            folder=folder,
            answer=self.new_name(),
            timeout_s=request.timeout_s,
            check=request.check,
        )


def _minute(time_ms: int) -> str:
    return iso(time_ms)[: len("2026-01-01T00:00")].replace(":", "")
