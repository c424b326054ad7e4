"""Rows as Parquet."""

from typing import IO, Any

# As in other programs' Parquet; a row group of samples takes about 20 MB while it is collected.
_ROW_GROUP_ROWS = 1_000_000
_COLUMNS_OF_SAMPLES = 3
_COMPRESSION_LEVEL = 3
_TIME = "timestamp"


class ParquetRows:
    """Writes columns with zstd, in row groups of about a million samples, or of as many numbers."""

    def __init__(self, sink: IO[bytes], schema: Any) -> None:
        from pyarrow import parquet, types

        self._writer = parquet.ParquetWriter(
            sink,
            schema,
            compression="zstd",
            compression_level=_COMPRESSION_LEVEL,
            use_dictionary=[field.name for field in schema if types.is_dictionary(field.type)],
            column_encoding={_TIME: "DELTA_BINARY_PACKED"},
            store_schema=False,
        )
        self._row_group_rows = max(1, _ROW_GROUP_ROWS * _COLUMNS_OF_SAMPLES // len(schema))
        self._batches: list[Any] = []

    def add(self, batch: Any) -> None:
        """Collects a record batch, and writes a row group when there are enough rows."""
        self._batches.append(batch)
        if sum(map(len, self._batches)) >= self._row_group_rows:
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
