"""The files of an export: record batches in, files of a bounded size out."""

from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Protocol, Self

from exports.rows.arrow_rows import ArrowRows
from exports.rows.parquet_rows import ParquetRows
from exports.rows.text_rows import TextRows
from vitals.model import zones
from vitals.model.records.exports import ExportFormat

# Browsers and notebooks still download a file of this size in one go, and one answer can link all the files.
MAX_FILE_BYTES = 256 * 2**20


class Rows(Protocol):
    """Writes rows to an open file; `finish` writes its end."""

    def add(self, batch: Any) -> None: ...

    def finish(self) -> None: ...


class FileWriter:
    """Writes batches to files of one format; each is passed to `store` when it is full, and then deleted.

    Times in CSV and JSON are in the zone. The batches have one schema.
    """

    def __init__(
        self,
        format: ExportFormat,
        folder: Path,
        store: Callable[[Path], None],
        max_bytes: int = MAX_FILE_BYTES,
        zone: str = zones.UTC,
    ) -> None:
        self._path = folder / f"rows.{format}"
        self._format = format
        self._zone = zone
        self._store = store
        self._max_bytes = max_bytes
        self._open: tuple[IO[bytes], Rows] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._close() and kind is None:
            self._store_file()

    def add(self, batch: Any) -> None:
        """Writes a batch; files end between batches."""
        if self._open is None:
            sink: IO[bytes] = self._path.open("wb")
            self._open = sink, self._rows(sink, batch.schema)
        file, rows = self._open
        rows.add(batch)
        if file.tell() >= self._max_bytes:
            self._close()
            self._store_file()

    def _rows(self, sink: IO[bytes], schema: Any) -> Rows:
        match self._format:
            case "parquet":
                return ParquetRows(sink, schema)
            case "arrow":
                return ArrowRows(sink, schema)
        return TextRows(sink, schema, self._format, self._zone)

    def _close(self) -> bool:
        """Ends the open file; returns whether there was one."""
        if self._open is None:
            return False
        (sink, rows), self._open = self._open, None
        with sink:
            rows.finish()
        return True

    def _store_file(self) -> None:
        self._store(self._path)
        self._path.unlink()
