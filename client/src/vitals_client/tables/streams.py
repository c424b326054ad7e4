"""Decodes Arrow streams of the API, and checks what every result has."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vitals_client.merging import SUMMED, Envelope

if TYPE_CHECKING:
    import pyarrow as pa

KEY = b"vitals"
"""The key of the schema's metadata that has the envelope: the result as JSON, without its columns."""

# The end-of-stream message: a continuation marker and a length of 0.
_END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"
_ATTRIBUTES = ("measure", "timezone", "units")


def decoded(stream: bytes) -> "pa.Table":
    """Returns the table of a stream; ValueError when it is damaged, or has no envelope or not all rows."""
    # Imported here, because the command often does without and starts in half the time.
    import pyarrow as pa

    try:
        table = pa.ipc.open_stream(stream).read_all()
        table.validate(full=True)
        _check_end(stream)
    except (OSError, EOFError, pa.ArrowException) as error:
        # Raised by pyarrow for a stream that is damaged or ends within a batch.
        raise ValueError(str(error)) from None
    if KEY not in (table.schema.metadata or {}):
        raise ValueError("its schema has no metadata 'vitals'")
    _check_rows(table)
    return table


def envelope(table: "pa.Table") -> Envelope:
    """Returns the result without its columns: metadata, warnings, and what is said of its points."""
    content: Envelope = json.loads(table.schema.metadata[KEY])
    return content


@contextmanager
def damage_refused() -> Iterator[None]:
    """Turns the errors of reading an envelope that lacks something into ValueError."""
    try:
        yield
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"its metadata is damaged: {error!r}") from None


def check_head(content: Envelope, numbers: Iterable[object] = (), texts: Iterable[object] = ()) -> None:
    """Raises ValueError, KeyError, TypeError or AttributeError unless an envelope's head is complete.

    So must these other numbers and texts of it be.
    """
    metadata = content["metadata"]
    numbers = [*numbers, *(metadata[key] for key in SUMMED), *metadata["cost"].values()]
    texts = [*texts, *content["warnings"], *metadata["sources"], metadata["next_token"] or ""]
    texts += [detail[key] for detail in content.get("warning_details", []) for key in ("code", "text")]
    if not all(isinstance(number, (int, float)) for number in numbers):
        raise TypeError("a value is not a number")
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a value is not a text")
    if not isinstance(metadata["cache_hit"], bool):
        raise TypeError("cache_hit is not a boolean")
    if datetime.fromisoformat(content["start_time"]) >= datetime.fromisoformat(content["end_time"]):
        raise ValueError("its range is empty")
    _check_zone(content.get("timezone", "UTC"))


def zoned(table: "pa.Table", times: Sequence[str]) -> "pa.Table":
    """Returns the table with the columns `times` in the result's zone; the instants do not change."""
    import pyarrow as pa

    kind = pa.timestamp("ms", envelope(table).get("timezone", "UTC"))
    for index, name in enumerate(table.column_names):
        if name in times:
            table = table.set_column(index, name, table[name].cast(kind))
    return table


def plain(table: "pa.Table") -> "pa.Table":
    """Returns the table without the properties of its fields: only tables whose fields are equal join."""
    import pyarrow as pa

    fields = [field.with_nullable(True).remove_metadata() for field in table.schema]
    return pa.Table.from_arrays(table.columns, schema=pa.schema(fields))


def attributes(content: Envelope) -> Envelope:
    """Returns what a data frame of the result has as `attrs`."""
    return {key: content[key] for key in _ATTRIBUTES if key in content}


def _check_rows(table: "pa.Table") -> None:
    """Raises ValueError unless the table has as many rows as its envelope says."""
    try:
        rows = envelope(table)["metadata"]["samples_returned"]
    except (KeyError, TypeError):
        raise ValueError("its metadata has no number of rows") from None
    if rows != table.num_rows:
        raise ValueError(f"it has {table.num_rows:,} rows instead of {rows}")


def _check_zone(name: str) -> None:
    if name == "UTC":
        return
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"its timezone {name!r} is not in the tz database of this computer") from None


def _check_end(stream: bytes) -> None:
    """Raises ValueError unless the stream ends with the end-of-stream message.

    pyarrow accepts a stream that is cut between two messages.
    """
    import pyarrow as pa

    source = pa.BufferReader(stream)
    while (head := source.read(len(_END_OF_STREAM))) != _END_OF_STREAM:
        if len(head) < len(_END_OF_STREAM):
            raise ValueError("it ends without an end-of-stream message")
        source.seek(source.tell() - len(_END_OF_STREAM))
        pa.ipc.read_message(source)
    if source.tell() != len(stream):
        raise ValueError(f"{len(stream) - source.tell():,} bytes follow its end")
