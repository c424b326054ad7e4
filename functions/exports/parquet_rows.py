"""Rows as Parquet."""

from typing import IO, Any

from vitals.reading.bulk.record_batches import schema

# As in other programs' Parquet; a row group takes about 20 MB while it is collected.
_ROW_GROUP_ROWS = 1_000_000
_COMPRESSION_LEVEL = 3


class ParquetRows:
    """Writes the columns of a day file with zstd, in row groups of about a million rows."""

    def __init__(self, sink: IO[bytes]) -> None:
        from pyarrow import parquet

        self._writer = parquet.ParquetWriter(
            sink,
            schema(),
            compression="zstd",
            compression_level=_COMPRESSION_LEVEL,
            use_dictionary=["point_name"],
            column_encoding={"timestamp": "DELTA_BINARY_PACKED"},
            store_schema=False,
        )
        self._batches: list[Any] = []

    def add(self, batch: Any) -> None:
        """Collects a record batch, and writes a row group when there are enough rows."""
        self._batches.append(batch)
        if sum(map(len, self._batches)) >= _ROW_GROUP_ROWS:
            self._write()

    def finish(self) -> None:
        """Writes the last row group and the footer."""
        self._write()
        self._writer.close()

    def _write(self) -> None:
        import pyarrow as pa

        if self._batches:
            # A row group has one dictionary; names of a second one would be written as plain text.
            table = pa.Table.from_batches(self._batches).unify_dictionaries()
            self._writer.write_table(table, row_group_size=len(table))
            self._batches = []
