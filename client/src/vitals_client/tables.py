"""Pages of an answer as one Arrow table."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

KEY = b"vitals"
"""Where the schema's metadata has, as JSON, what an answer holds beside its columns."""

# A continuation and a length of 0: the message without which a stream was cut.
_END = b"\xff\xff\xff\xff\0\0\0\0"
_SUMMED = ("total_samples", "samples_read", "samples_returned", "query_time_ms")
# What a table calls a series' columns.
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

type Beside = dict[str, Any]


def read(stream: bytes) -> "pa.Table":
    """The table of one page; ValueError when it is none, or not all of one.

    A stream has no checksum: a changed byte is seen where it breaks the form, the types, the number of rows,
    the names or what is read beside the columns, and not within a time, a value or a row's point.
    """
    # Imported where it is needed: the command, which often does without, starts in half the time.
    import pyarrow as pa

    try:
        table = pa.ipc.open_stream(stream).read_all()
        table.validate(full=True)
        _check_end(stream)
    except (OSError, EOFError, pa.ArrowException) as error:
        # pyarrow's, of a stream that ends within a batch or is damaged.
        raise ValueError(str(error)) from None
    if KEY not in (table.schema.metadata or {}):
        raise ValueError("nothing is said beside its columns")
    try:
        rows = beside(table)["metadata"]["samples_returned"]
    except (KeyError, TypeError):
        raise ValueError("it does not say how many rows it has") from None
    if rows != table.num_rows:
        raise ValueError(f"it has {table.num_rows:,} rows and says {rows}")
    _check_columns(table)
    try:
        _check_beside(beside(table), table)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"what is said beside its columns is damaged: {error!r}") from None
    # Pages are joined only where their fields say the same of themselves.
    fields = [field.with_nullable(True).remove_metadata() for field in table.schema]
    return pa.Table.from_arrays(table.columns, schema=pa.schema(fields, table.schema.metadata))


def _check_columns(table: "pa.Table") -> None:
    """ValueError unless the columns are those of samples or of aggregates, with a value in each row."""
    import pyarrow as pa

    types = {
        "point_name": pa.dictionary(pa.int32(), pa.string()),
        "timestamp": pa.timestamp("ms", "UTC"),
        "count": pa.int64(),
    }
    present = [name for name in table.column_names if name in _NAMES]
    if present not in (_NAMES[:3], _NAMES):
        raise ValueError(f"it has the columns {table.column_names}")
    for name in present:
        column = table[name]
        if column.type != types.get(name, pa.float64()):
            raise ValueError(f"its column {name} is of type {column.type}")
        if column.null_count:
            raise ValueError(f"its column {name} has {column.null_count:,} rows without a value")


def _check_beside(told: Beside, table: "pa.Table") -> None:
    """ValueError, KeyError, TypeError or AttributeError unless everything that is read of it is there."""
    metadata, series = told["metadata"], told["series"]
    numbers = [metadata[key] for key in _SUMMED] + list(metadata["cost"].values())
    texts = [*told["warnings"], *metadata["sources"], metadata["next_token"] or ""]
    for point in series:
        numbers += [point["coverage"]["received"], point["coverage"]["expected"] or 0]
        texts += [gap[key] for gap in point["gaps"] for key in ("start", "end", "reason")]
    if not all(isinstance(number, (int, float)) for number in numbers):
        raise TypeError("a number is none")
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a text is none")
    if not isinstance(metadata["cache_hit"], bool):
        raise TypeError("cache_hit is neither true nor false")
    if datetime.fromisoformat(told["start_time"]) >= datetime.fromisoformat(told["end_time"]):
        raise ValueError("its range has no length")
    names = [point["point_name"] for point in series]
    if any(chunk.dictionary.to_pylist() != names for chunk in table["point_name"].chunks):
        raise ValueError("its points have other names than its series")


def _check_end(stream: bytes) -> None:
    """ValueError unless the stream's last message is the one that ends it.

    To pyarrow a stream that was cut between two messages is whole.
    """
    import pyarrow as pa

    source = pa.BufferReader(stream)
    while (head := source.read(len(_END))) != _END:
        if len(head) < len(_END):
            raise ValueError("it ends before its end is marked")
        source.seek(source.tell() - len(_END))
        pa.ipc.read_message(source)
    if source.tell() != len(stream):
        raise ValueError(f"{len(stream) - source.tell():,} bytes follow its end")


def beside(table: "pa.Table") -> Beside:
    """What the answer holds beside its columns: series with gaps and coverage, metadata, warnings."""
    found: Beside = json.loads(table.schema.metadata[KEY])
    return found


def joined(pages: Sequence["pa.Table"]) -> "pa.Table":
    """The pages of an answer as the table of one page: point by point, each in order of time."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(pages) == 1:
        return pages[0]
    table = pa.concat_tables(page.replace_schema_metadata(None) for page in pages)
    table = table.unify_dictionaries().combine_chunks()
    # A stable sort, and pages come in order of time.
    table = table.take(pc.sort_indices(_places(table)))
    told = merged([beside(page) for page in pages])
    return table.replace_schema_metadata({KEY: json.dumps(told).encode()})


def merged(pages: Sequence[Beside]) -> Beside:
    """What the pages say beside their columns, as if it were one.

    Counts and costs are summed, a gap that goes on on the next page is one.
    """
    told = [page["metadata"] for page in pages]
    metadata = told[-1] | {key: sum(each[key] for each in told) for key in _SUMMED}
    metadata["sources"] = _once(source for each in told for source in each["sources"])
    metadata["cache_hit"] = all(each["cache_hit"] for each in told)
    metadata["cost"] = {key: sum(each["cost"].get(key, 0) for each in told) for key in told[0]["cost"]}
    return pages[-1] | {
        "series": [_series(parts) for parts in zip(*(page["series"] for page in pages), strict=True)],
        "metadata": metadata,
        "warnings": _once(warning for page in pages for warning in lasting(page)),
    }


def lasting(page: Beside) -> list[str]:
    """The page's warnings, but not that it ends early, for the client asks for what follows."""
    goes_on = page["metadata"]["next_token"] is not None
    return [warning for warning in page["warnings"] if not (goes_on and "next_token" in warning)]


def answer(table: "pa.Table") -> Beside:
    """The table as the API's JSON has it: columns in the series, times in UTC milliseconds."""
    import pyarrow as pa

    told = beside(table)
    columns = {key: table[name] for name, key in _COLUMNS.items() if name in table.column_names}
    columns["timestamps"] = columns["timestamps"].cast(pa.int64())
    start = 0
    counts = _counts(table, len(told["series"]))
    for series, count in zip(told["series"], counts, strict=True):
        series |= {key: column.slice(start, count).to_pylist() for key, column in columns.items()}
        start += count
    return told


def _counts(table: "pa.Table", series: int) -> list[int]:
    """How many rows each series has."""
    import pyarrow.compute as pc

    counts = dict.fromkeys(range(series), 0)
    counts |= {each["values"]: each["counts"] for each in pc.value_counts(_places(table)).to_pylist()}
    return list(counts.values())


def _places(table: "pa.Table") -> "pa.ChunkedArray":
    """Each row's place in the dictionary, which is in the order of the series."""
    import pyarrow as pa

    return pa.chunked_array([part.indices for part in table["point_name"].chunks], pa.int32())


def _series(parts: Sequence[Mapping[str, Any]]) -> Beside:
    expected = [part["coverage"]["expected"] for part in parts]
    coverage = {
        "expected": None if None in expected else sum(expected),
        "received": sum(part["coverage"]["received"] for part in parts),
    }
    gaps: list[Beside] = []
    for gap in (dict(gap) for part in parts for gap in part["gaps"]):
        continues = gap.pop("continues", False)
        if continues and gaps and (gaps[-1]["end"], gaps[-1]["reason"]) == (gap["start"], gap["reason"]):
            gaps[-1]["end"] = gap["end"]
        else:
            gaps.append(gap)
    return {**parts[-1], "gaps": gaps, "coverage": coverage}


def _once(texts: Any) -> list[str]:
    return list(dict.fromkeys(texts))
