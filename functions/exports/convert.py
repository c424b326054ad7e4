"""Rows from Parquet files into the files of an export, a batch at a time; floats survive to the bit."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Protocol, Self

import numpy as np
import orjson

from vitals.codec import day_file
from vitals.model.row_counts import RowCounts
from vitals.model.timespan import Span

# What browsers and notebooks still download in one go, and few enough links for one answer.
MAX_FILE_BYTES = 256 * 2**20
_BATCH_ROWS = 262_144
# As in other programs' Parquet; about 20 MB while it is collected.
_ROW_GROUP_ROWS = 1_000_000
_COMPRESSION_LEVEL = 3
_CSV_HEADER = b"point_name,timestamp,value\n"
# Lines in memory at once, with names as long as they may be; there are three copies of them.
_MAX_LINES_BYTES = 64 * 2**20
# A time and a value, and what separates them.
_LINE_BYTES = 52
# A name that every reader takes as it is without quotes; others may trim, skip or take it for no value.
_PLAIN = re.compile(r"""(?![\s#])[^\x00-\x1f\x7f-\x9f\u2028\u2029",]+(?<!\s)""")


def rows(
    file: Path, names: Collection[str] | None, span: Span, counts: RowCounts | None = None
) -> Iterator[Any]:
    """Record batches of a file: the samples in the span of these points, or of all for None.

    The file is a day file, or one that Athena left, with times as `time_ms` and rows of what it counted
    (athena.samples). `counts` counts the batches.
    """
    import pyarrow as pa
    from pyarrow import compute, parquet

    wanted = None if names is None else pa.array(names, pa.string())
    with parquet.ParquetFile(file, read_dictionary=["point_name"]) as opened:
        for batch in opened.iter_batches(_BATCH_ROWS):
            points, times, values = batch.column(0), batch.column(1).cast(pa.int64()), batch.column(2)
            keep = compute.and_(compute.greater_equal(times, span.start_ms), compute.less(times, span.end_ms))
            if counts:
                counts.rows_read += len(batch)
            if points.null_count:
                counted = compute.is_null(points)
                if counts:
                    _add_source_counts(counts, times.filter(counted), values.filter(counted))
                keep = compute.and_not(keep, counted)
            if wanted is not None:
                keep = compute.and_(keep, compute.is_in(points.dictionary, wanted).take(points.indices))
            columns = [points, times.cast(pa.timestamp("ms", "UTC")), values]
            found = pa.RecordBatch.from_arrays(columns, schema=_schema()).filter(keep)
            if len(found):
                if counts:
                    counts.add(found.column(1).cast(pa.int64()).to_numpy())
                yield found


def _add_source_counts(counts: RowCounts, first_times: Any, values: Any) -> None:
    counts.add_source_counts(first_times.to_numpy(), values.to_numpy())


class Rows(Protocol):
    """A file that rows are written to; `finish` ends it."""

    def add(self, batch: Any) -> None: ...

    def finish(self) -> None: ...


class FileWriter:
    """Writes batches to files of one format, each passed on to `keep` when it is full, and then deleted."""

    def __init__(
        self, format: str, folder: Path, keep: Callable[[Path], None], max_bytes: int = MAX_FILE_BYTES
    ) -> None:
        self._place = folder / f"rows.{format}"
        self._kind: Callable[[IO[bytes]], Rows] = CsvRows if format == "csv" else ParquetRows
        self._keep = keep
        self._max_bytes = max_bytes
        self._open: tuple[IO[bytes], Rows] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._close() and kind is None:
            self._pass_on()

    def add(self, batch: Any) -> None:
        """Writes a batch; files end between batches."""
        if self._open is None:
            opened = self._place.open("wb")
            self._open = opened, self._kind(opened)
        sink, written = self._open
        written.add(batch)
        if sink.tell() >= self._max_bytes:
            self._close()
            self._pass_on()

    def _close(self) -> bool:
        """Ends the file, if there is one."""
        if self._open is None:
            return False
        (sink, written), self._open = self._open, None
        with sink:
            written.finish()
        return True

    def _pass_on(self) -> None:
        self._keep(self._place)
        self._place.unlink()


class ParquetRows:
    """The columns of a day file, zstd, in row groups of about a million rows."""

    def __init__(self, sink: IO[bytes]) -> None:
        from pyarrow import parquet

        self._writer = parquet.ParquetWriter(
            sink,
            _schema(),
            compression="zstd",
            compression_level=_COMPRESSION_LEVEL,
            use_dictionary=["point_name"],
            column_encoding={"timestamp": "DELTA_BINARY_PACKED"},
            store_schema=False,
        )
        self._batches: list[Any] = []

    def add(self, batch: Any) -> None:
        self._batches.append(batch)
        if sum(map(len, self._batches)) >= _ROW_GROUP_ROWS:
            self._write()

    def finish(self) -> None:
        self._write()
        self._writer.close()

    def _write(self) -> None:
        import pyarrow as pa

        if self._batches:
            # One dictionary for all, for a second one in a row group would be written as plain text.
            table = pa.Table.from_batches(self._batches).unify_dictionaries()
            self._writer.write_table(table, row_group_size=len(table))
            self._batches = []


class CsvRows:
    """A header, and a line per row: the name quoted where it must be, the time in UTC, the value exact."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = sink
        sink.write(_CSV_HEADER)

    def add(self, batch: Any) -> None:
        fields = [_csv_field(name) for name in batch.column(0).dictionary.to_pylist()]
        longest = max((len(field.encode()) for field in fields), default=0)
        size = max(1, _MAX_LINES_BYTES // (longest + _LINE_BYTES))
        for start in range(0, len(batch), size):
            self._sink.write(_csv_lines(fields, batch.slice(start, size)))

    def finish(self) -> None:
        """There is nothing to end."""


def _csv_lines(fields: Sequence[str], batch: Any) -> Any:
    """The lines as one buffer, `fields` in the place of the dictionary's names.

    pyarrow's own CSV takes four times as long, and writes -0.0 as an integer.
    """
    import pyarrow as pa
    from pyarrow import compute

    names = pa.array(fields, pa.string()).take(batch.column(0).indices)
    # Without its zone, for with it each row would be looked up in the time zone's history.
    times = batch.column(1).cast(pa.timestamp("ms")).cast(pa.string())
    times = compute.binary_replace_slice(compute.binary_replace_slice(times, 10, 11, "T"), 23, 23, "Z")
    lines = compute.binary_join_element_wise(names, times, _value_lines(batch.column(2)), ",")
    offsets, text = lines.buffers()[1:]
    first, last = np.frombuffer(offsets, np.int32)[[lines.offset, lines.offset + len(lines)]].tolist()
    return text[first:last]


def _value_lines(values: Any) -> Any:
    """Each value as text that reads back to the bit, ending its line."""
    import pyarrow as pa

    listed = orjson.dumps(values.to_numpy(), option=orjson.OPT_SERIALIZE_NUMPY)
    text = listed[1:-1].replace(b",", b"\n") + b"\n"
    offsets = np.zeros(len(values) + 1, np.int32)
    offsets[1:] = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n")) + 1
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(text))


def _csv_field(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else '"' + text.replace('"', '""') + '"'


def _schema() -> Any:
    """The columns of a day file, names as a dictionary."""
    import pyarrow as pa

    columns = day_file.schema()
    return columns.set(0, columns.field("point_name").with_type(pa.dictionary(pa.int32(), pa.string())))
