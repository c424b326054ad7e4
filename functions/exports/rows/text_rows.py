"""Rows as text that reads back to the bit: CSV, or a JSON object a line."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import orjson

from vitals.model import zones
from vitals.model.measures.local_time import offset_text, offsets_at

# Lines in memory at once, with the longest names; there are three copies of them.
_MAX_LINES_BYTES = 64 * 2**20
# A time with its offset, or a value, with its separator.
_CELL_BYTES = 30
# A name that every reader takes as it is without quotes. Others may be trimmed, skipped or read as no value.
_PLAIN = re.compile(r"""(?![\s#])[^\x00-\x1f\x7f-\x9f\u2028\u2029",]+(?<!\s)""")


def _csv_field(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else '"' + text.replace('"', '""') + '"'


def _json_text(text: str) -> str:
    return orjson.dumps(text).decode()


@dataclass(frozen=True, slots=True)
class _Syntax:
    """How texts, times and missing numbers are written, and what ends a line after its last cell."""

    text: Callable[[str], str]
    time_quote: str
    null: bytes
    has_header: bool
    begin: str
    last: str
    end: str
    has_keys: bool


_SYNTAXES: Mapping[str, _Syntax] = {
    "csv": _Syntax(_csv_field, "", b"", True, "", "\n", "", False),
    "json": _Syntax(_json_text, '"', b"null", False, "{", "}", "\n", True),
}


class TextRows:
    """Writes a line per row, with the times in the zone; CSV has a header."""

    def __init__(self, sink: IO[bytes], schema: Any, format: str, zone: str = zones.UTC) -> None:
        self._sink = sink
        self._syntax = _SYNTAXES[format]
        self._zone = zone
        self._keys = [self._syntax.text(name) for name in schema.names]
        if self._syntax.has_header:
            sink.write((",".join(self._keys) + "\n").encode())

    def add(self, batch: Any) -> None:
        """Writes the lines of a record batch."""
        for rows in _slices(batch, self._line_bytes(batch)):
            self._sink.write(self._lines(rows))

    def finish(self) -> None:
        """Does nothing; a text file has no end to write."""

    def _line_bytes(self, batch: Any) -> int:
        longest = max((len(self._syntax.text(name).encode()) for name in _dictionary(batch)), default=0)
        keys = sum(len(key) + 1 for key in self._keys) if self._syntax.has_keys else 0
        cells: int = _CELL_BYTES * batch.num_columns
        return longest + keys + cells

    def _lines(self, batch: Any) -> Any:
        """Returns the lines as one buffer.

        pyarrow's own CSV writer takes four times as long, and writes -0.0 as an integer.
        """
        from pyarrow import compute

        lines = compute.binary_join_element_wise(*self._cells(batch), "")
        offsets, text = lines.buffers()[1:]
        first, last = np.frombuffer(offsets, np.int32)[[lines.offset, lines.offset + len(lines)]].tolist()
        return text[first:last]

    def _cells(self, batch: Any) -> Iterator[Any]:
        """Yields the cells of each column with what separates them, or a text that each row has."""
        syntax, begin = self._syntax, self._syntax.begin
        for index, column in enumerate(batch.columns):
            if syntax.has_keys:
                yield f"{begin}{self._keys[index]}:"
                begin = ""
            is_last = index == batch.num_columns - 1
            yield self._texts(column, syntax.last if is_last else ",")
        if syntax.end:
            yield syntax.end

    def _texts(self, column: Any, separator: str) -> Any:
        """Returns the cells of a column, each followed by the separator."""
        import pyarrow as pa

        if pa.types.is_dictionary(column.type):
            fields = [self._syntax.text(name) + separator for name in column.dictionary.to_pylist()]
            return pa.array(fields, pa.string()).take(column.indices)
        if pa.types.is_timestamp(column.type):
            quote = self._syntax.time_quote
            return _time_texts(column, self._zone, quote, quote + separator)
        return _number_texts(column, separator, self._syntax.null)


def _dictionary(batch: Any) -> list[str]:
    import pyarrow as pa

    column = batch.column(0)
    names: list[str] = column.dictionary.to_pylist() if pa.types.is_dictionary(column.type) else []
    return names


def _slices(batch: Any, line_bytes: int) -> Iterator[Any]:
    size = max(1, _MAX_LINES_BYTES // line_bytes)
    for start in range(0, len(batch), size):
        yield batch.slice(start, size)


def _time_texts(times: Any, zone: str, before: str, after: str) -> Any:
    """Returns ISO 8601 with the offset in force, Z in UTC, between two texts."""
    import pyarrow as pa
    from pyarrow import compute

    # Without its zone: with it, each row would be looked up in the time zone's history.
    times = times.cast(pa.timestamp("ms"))
    if zone == zones.UTC or not len(times):
        texts = compute.binary_replace_slice(_with_t(times), 23, 23, f"Z{after}")
        return compute.binary_replace_slice(texts, 0, 0, before) if before else texts
    instants = times.cast(pa.int64()).to_numpy()
    offsets = offsets_at(instants, zone)
    distinct, indices = np.unique(offsets, return_inverse=True)
    suffixes = pa.array([offset_text(offset_ms) + after for offset_ms in distinct.tolist()])
    local = pa.array(instants + offsets).cast(pa.timestamp("ms"))
    return compute.binary_join_element_wise(before, _with_t(local), suffixes.take(pa.array(indices)), "")


def _with_t(times: Any) -> Any:
    import pyarrow as pa
    from pyarrow import compute

    return compute.binary_replace_slice(times.cast(pa.string()), 10, 11, "T")


def _number_texts(values: Any, separator: str, null: bytes) -> Any:
    """Returns each number as text that reads back to the bit, followed by the separator, one character."""
    import pyarrow as pa

    if values.null_count and not pa.types.is_floating(values.type):
        raise ValueError("a whole number cannot be missing")
    listed = orjson.dumps(values.to_numpy(zero_copy_only=False), option=orjson.OPT_SERIALIZE_NUMPY)
    text = listed[1:-1].replace(b",", separator.encode()) + separator.encode()
    if null != b"null":
        text = text.replace(b"null", null)
    offsets = np.zeros(len(values) + 1, np.int32)
    offsets[1:] = np.flatnonzero(np.frombuffer(text, np.uint8) == ord(separator)) + 1
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(text))
