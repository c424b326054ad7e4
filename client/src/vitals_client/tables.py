"""Pages of an answer as one Arrow table."""

import json
from collections.abc import Mapping, Sequence
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

type Beside = dict[str, Any]


def read(stream: bytes) -> "pa.Table":
    """The table of one page; ValueError when it is none."""
    # Imported where it is needed: the command, which often does without, starts in half the time.
    import pyarrow as pa

    try:
        table = pa.ipc.open_stream(stream).read_all()
        table.validate(full=True)
        _check_end(stream)
    except (OSError, pa.ArrowException) as error:
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
    return table


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
    metadata["cost"] = {key: sum(each["cost"][key] for each in told) for key in told[0]["cost"]}
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
