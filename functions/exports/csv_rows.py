"""Rows as CSV that reads back to the bit."""

import re
from collections.abc import Sequence
from typing import IO, Any

import numpy as np
import orjson

from vitals.model import zones
from vitals.model.measures.local_time import offset_text, offsets_at

_HEADER = b"point_name,timestamp,value\n"
# Lines in memory at once, with the longest names; there are three copies of them.
_MAX_LINES_BYTES = 64 * 2**20
# A time with its offset, a value and their separators.
_LINE_BYTES = 57
# A name that every reader takes as it is without quotes. Others may be trimmed, skipped or read as no value.
_PLAIN = re.compile(r"""(?![\s#])[^\x00-\x1f\x7f-\x9f\u2028\u2029",]+(?<!\s)""")


class CsvRows:
    """Writes a header, and a line per row: the name, quoted where needed, the time in the zone, the value."""

    def __init__(self, sink: IO[bytes], zone: str = zones.UTC) -> None:
        self._sink = sink
        self._zone = zone
        sink.write(_HEADER)

    def add(self, batch: Any) -> None:
        """Writes the lines of a record batch."""
        fields = [_field(name) for name in batch.column(0).dictionary.to_pylist()]
        longest = max((len(field.encode()) for field in fields), default=0)
        size = max(1, _MAX_LINES_BYTES // (longest + _LINE_BYTES))
        for start in range(0, len(batch), size):
            self._sink.write(_lines(fields, batch.slice(start, size), self._zone))

    def finish(self) -> None:
        """Does nothing; a CSV file has no end to write."""


def _lines(fields: Sequence[str], batch: Any, zone: str) -> Any:
    """Returns the lines as one buffer, with `fields` for the names of the dictionary.

    pyarrow's own CSV writer takes four times as long, and writes -0.0 as an integer.
    """
    import pyarrow as pa
    from pyarrow import compute

    names = pa.array(fields, pa.string()).take(batch.column(0).indices)
    times = _time_texts(batch.column(1), zone)
    lines = compute.binary_join_element_wise(names, times, _value_lines(batch.column(2)), ",")
    offsets, text = lines.buffers()[1:]
    first, last = np.frombuffer(offsets, np.int32)[[lines.offset, lines.offset + len(lines)]].tolist()
    return text[first:last]


def _time_texts(times: Any, zone: str) -> Any:
    """Returns ISO 8601 with the offset in force, Z in UTC."""
    import pyarrow as pa
    from pyarrow import compute

    # Without its zone: with it, each row would be looked up in the time zone's history.
    times = times.cast(pa.timestamp("ms"))
    if zone == zones.UTC or not len(times):
        return compute.binary_replace_slice(_with_t(times), 23, 23, "Z")
    instants = times.cast(pa.int64()).to_numpy()
    offsets = offsets_at(instants, zone)
    distinct, indices = np.unique(offsets, return_inverse=True)
    suffixes = pa.array([offset_text(offset_ms) for offset_ms in distinct.tolist()]).take(pa.array(indices))
    local = pa.array(instants + offsets).cast(pa.timestamp("ms"))
    return compute.binary_join_element_wise(_with_t(local), suffixes, "")


def _with_t(times: Any) -> Any:
    import pyarrow as pa
    from pyarrow import compute

    return compute.binary_replace_slice(times.cast(pa.string()), 10, 11, "T")


def _value_lines(values: Any) -> Any:
    """Returns each value as text that reads back to the bit and ends its line."""
    import pyarrow as pa

    listed = orjson.dumps(values.to_numpy(), option=orjson.OPT_SERIALIZE_NUMPY)
    text = listed[1:-1].replace(b",", b"\n") + b"\n"
    offsets = np.zeros(len(values) + 1, np.int32)
    offsets[1:] = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n")) + 1
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(text))


def _field(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else '"' + text.replace('"', '""') + '"'
