"""Reads the pages of a query as Arrow tables, and joins them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

KEY = b"vitals"
"""The key of the schema's metadata that has the envelope: the result as JSON, without its columns."""

# The end-of-stream message: a continuation marker and a length of 0.
_END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"
_SUMMED = ("total_samples", "samples_read", "samples_returned", "query_time_ms")
# Columns of a table, and their keys in a series.
_COLUMNS = {
    "timestamp": "timestamps",
    "value": "values",
    "min": "min",
    "max": "max",
    "count": "count",
    "first": "first",
    "last": "last",
}

_NAMES = ["point_name", *_COLUMNS]
# The code of the warning that a page ends before the range does. The next page continues it.
_TIME_LIMIT = "TIME_LIMIT"

type Envelope = dict[str, Any]


def read(stream: bytes) -> "pa.Table":
    """Returns the table of one page; ValueError when the stream is incomplete or damaged.

    A stream has no checksum. A changed byte is detected in the stream's structure, the types, the number of
    rows, the names and the envelope, but not in a time, a value or the point of a row.
    """
    # Imported here, because the command often does without and starts in half the time.
    import pyarrow as pa

    table = _decoded(stream)
    if KEY not in (table.schema.metadata or {}):
        raise ValueError("its schema has no metadata 'vitals'")
    _check_rows(table)
    _check_columns(table)
    try:
        _check_envelope(envelope(table), table)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"its metadata is damaged: {error!r}") from None
    # Pages can be joined only if the properties of their fields are equal.
    fields = [field.with_nullable(True).remove_metadata() for field in table.schema]
    return pa.Table.from_arrays(table.columns, schema=pa.schema(fields, table.schema.metadata))


def _decoded(stream: bytes) -> "pa.Table":
    import pyarrow as pa

    try:
        table = pa.ipc.open_stream(stream).read_all()
        table.validate(full=True)
        _check_end(stream)
        return table
    except (OSError, EOFError, pa.ArrowException) as error:
        # Raised by pyarrow for a stream that is damaged or ends within a batch.
        raise ValueError(str(error)) from None


def _check_rows(table: "pa.Table") -> None:
    """Raises ValueError unless the table has as many rows as its envelope says."""
    try:
        rows = envelope(table)["metadata"]["samples_returned"]
    except (KeyError, TypeError):
        raise ValueError("its metadata has no number of rows") from None
    if rows != table.num_rows:
        raise ValueError(f"it has {table.num_rows:,} rows instead of {rows}")


def _check_columns(table: "pa.Table") -> None:
    """Raises ValueError unless the columns are those of samples or of aggregates, without nulls."""
    import pyarrow as pa

    types = {
        "point_name": pa.dictionary(pa.int32(), pa.string()),
        "timestamp": pa.timestamp("ms", "UTC"),
        "count": pa.int64(),
    }
    present = [name for name in table.column_names if name in _NAMES]
    if present not in (_NAMES[:3], _NAMES):
        raise ValueError(f"it has unexpected columns: {table.column_names}")
    for name in present:
        column = table[name]
        if column.type != types.get(name, pa.float64()):
            raise ValueError(f"its column {name} has the type {column.type}")
        if column.null_count:
            raise ValueError(f"its column {name} has {column.null_count:,} nulls")


def _check_envelope(content: Envelope, table: "pa.Table") -> None:
    """Raises ValueError, KeyError, TypeError or AttributeError unless the envelope is complete."""
    metadata, series = content["metadata"], content["series"]
    numbers = [metadata[key] for key in _SUMMED] + list(metadata["cost"].values())
    texts = [*content["warnings"], *metadata["sources"], metadata["next_token"] or ""]
    texts += [detail[key] for detail in content.get("warning_details", []) for key in ("code", "text")]
    for point in series:
        numbers += [point["coverage"]["received"], point["coverage"]["expected"] or 0]
        texts += [gap[key] for gap in point["gaps"] for key in ("start", "end", "reason")]
    if not all(isinstance(number, (int, float)) for number in numbers):
        raise TypeError("a value is not a number")
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a value is not a text")
    if not isinstance(metadata["cache_hit"], bool):
        raise TypeError("cache_hit is not a boolean")
    if datetime.fromisoformat(content["start_time"]) >= datetime.fromisoformat(content["end_time"]):
        raise ValueError("its range is empty")
    names = [point["point_name"] for point in series]
    if any(chunk.dictionary.to_pylist() != names for chunk in table["point_name"].chunks):
        raise ValueError("its rows and its series have different points")


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


def envelope(table: "pa.Table") -> Envelope:
    """Returns the result without its columns: series with gaps and coverage, metadata, warnings."""
    content: Envelope = json.loads(table.schema.metadata[KEY])
    return content


def joined(pages: Sequence["pa.Table"]) -> "pa.Table":
    """Returns the pages of a result as one table: point by point, each in order of time."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(pages) == 1:
        return pages[0]
    table = pa.concat_tables(page.replace_schema_metadata(None) for page in pages)
    table = table.unify_dictionaries().combine_chunks()
    # The sort is stable, and the pages are in order of time.
    table = table.take(pc.sort_indices(_point_indices(table)))
    content = merged([envelope(page) for page in pages])
    return table.replace_schema_metadata({KEY: json.dumps(content).encode()})


def merged(pages: Sequence[Envelope]) -> Envelope:
    """Returns the envelopes of all pages as one.

    Counts and costs are summed; a gap that continues on the next page becomes one gap.
    """
    warnings = _distinct(text for page in pages for text in lasting_warnings(page))
    details = [detail for page in pages for detail in page.get("warning_details", [])]
    content = pages[-1] | {
        "series": [
            _joined_series(fragments) for fragments in zip(*(page["series"] for page in pages), strict=True)
        ],
        "metadata": _merged_metadata([page["metadata"] for page in pages]),
        "warnings": warnings,
    }
    if "warning_details" in content:
        lasting = set(warnings)
        distinct = {(detail["code"], detail["text"]): detail for detail in details}
        content["warning_details"] = [detail for key, detail in distinct.items() if key[1] in lasting]
    return content


def _merged_metadata(pages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    metadata = {**pages[-1], **{key: sum(page[key] for page in pages) for key in _SUMMED}}
    metadata["sources"] = _distinct(source for page in pages for source in page["sources"])
    metadata["cache_hit"] = all(page["cache_hit"] for page in pages)
    metadata["cost"] = {key: sum(page["cost"].get(key, 0) for page in pages) for key in pages[0]["cost"]}
    return metadata


def lasting_warnings(page: Envelope) -> list[str]:
    """Returns the warnings of a page, without the one that only says that the next page continues it."""
    if page["metadata"]["next_token"] is None:
        return list(page["warnings"])
    details = page.get("warning_details", [])
    passing = {detail["text"] for detail in details if detail["code"] == _TIME_LIMIT}
    return [text for text in page["warnings"] if text not in passing]


def answer(table: "pa.Table") -> Envelope:
    """Returns the table as the API's JSON: columns in the series, times in UTC milliseconds."""
    import pyarrow as pa

    content = envelope(table)
    columns = {key: table[name] for name, key in _COLUMNS.items() if name in table.column_names}
    columns["timestamps"] = columns["timestamps"].cast(pa.int64())
    start = 0
    counts = _counts(table, len(content["series"]))
    for series, count in zip(content["series"], counts, strict=True):
        series |= {key: column.slice(start, count).to_pylist() for key, column in columns.items()}
        start += count
    return content


def _counts(table: "pa.Table", series: int) -> list[int]:
    """Returns the number of rows of each series."""
    import pyarrow.compute as pc

    counts = dict.fromkeys(range(series), 0)
    rows = pc.value_counts(_point_indices(table)).to_pylist()
    return list((counts | {row["values"]: row["counts"] for row in rows}).values())


def _point_indices(table: "pa.Table") -> "pa.ChunkedArray":
    """Returns the index of each row's point in the dictionary, which is in the order of the series."""
    import pyarrow as pa

    return pa.chunked_array([chunk.indices for chunk in table["point_name"].chunks], pa.int32())


def _joined_series(fragments: Sequence[Mapping[str, Any]]) -> Envelope:
    """Returns the series of a point on each page as one."""
    expected = [fragment["coverage"]["expected"] for fragment in fragments]
    coverage = {
        "expected": None if None in expected else sum(expected),
        "received": sum(fragment["coverage"]["received"] for fragment in fragments),
    }
    gaps: list[dict[str, Any]] = []
    for gap in (dict(gap) for fragment in fragments for gap in fragment["gaps"]):
        continues = gap.pop("continues", False)
        if continues and gaps and (gaps[-1]["end"], gaps[-1]["reason"]) == (gap["start"], gap["reason"]):
            gaps[-1]["end"] = gap["end"]
        else:
            gaps.append(gap)
    return {**fragments[-1], "gaps": gaps, "coverage": coverage}


def _distinct(texts: Iterable[str]) -> list[str]:
    """Returns the texts in order, without repetitions."""
    return list(dict.fromkeys(texts))
