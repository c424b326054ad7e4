"""Reads the pages of series as Arrow tables, and joins them."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from vitals_client.merging import Envelope, merged
from vitals_client.tables import streams
from vitals_client.tables.streams import KEY, envelope

if TYPE_CHECKING:
    import pyarrow as pa

# Columns of a table, and their keys in a series.
_COLUMNS = {
    "timestamp": "timestamps",
    "value": "values",
    "min": "min",
    "max": "max",
    "count": "count",
    "first": "first",
    "last": "last",
    "known": "known",
    "end": "ends",
    "at_least": "at_least",
    "at_most": "at_most",
}
_TIMES = ("timestamp", "end")
_BOUNDS = ("at_least", "at_most")
_MAY_BE_NULL = ("known", *_BOUNDS)
_SAMPLES = ["point_name", "timestamp", "value"]
_MEANS = [*_SAMPLES, "min", "max", "count", "first", "last"]
_MEASURES = [*_SAMPLES, "count"]
# Measures whose rows may have bounds. Only pages with such a row have the columns.
_BOUNDED = ("runtime", "integral")


def read(stream: bytes) -> "pa.Table":
    """Returns the table of one page; ValueError when the stream is incomplete or damaged.

    A stream has no checksum. A changed byte is detected in the stream's structure, the types, the number of
    rows, the names and the envelope, but not in a time, a value or the point of a row.
    """
    table = streams.decoded(stream)
    _check_columns(table)
    with streams.damage_refused():
        _check_envelope(envelope(table), table)
    table = streams.zoned(_with_bounds(table), _TIMES)
    return _described(streams.plain(table), envelope(table))


def _with_bounds(table: "pa.Table") -> "pa.Table":
    """Returns the table with columns for the bounds, if its measure may have them on another page."""
    import pyarrow as pa

    if envelope(table).get("measure") in _BOUNDED:
        for name in _BOUNDS:
            if name not in table.column_names:
                table = table.append_column(name, pa.nulls(table.num_rows, pa.float64()))
    return table


def _described(table: "pa.Table", content: Envelope) -> "pa.Table":
    """Returns the table with its envelope, and what a data frame of it has as `attrs`."""
    attributes = streams.attributes(content)
    proofs = {series["point_name"]: series["proof"] for series in content["series"] if "proof" in series}
    pandas = {"index_columns": [], "column_indexes": [], "columns": [], "attributes": attributes}
    if proofs:
        attributes["proofs"] = proofs
    return table.replace_schema_metadata({KEY: json.dumps(content).encode(), "pandas": json.dumps(pandas)})


def _check_columns(table: "pa.Table") -> None:
    """Raises ValueError unless the columns are those of samples, of means or of another measure."""
    import pyarrow as pa

    types = {
        "point_name": pa.dictionary(pa.int32(), pa.string()),
        "count": pa.int64(),
        **dict.fromkeys(_TIMES, pa.timestamp("ms", "UTC")),
    }
    present = [name for name in table.column_names if name == "point_name" or name in _COLUMNS]
    if [name for name in present if name in _MEANS] not in (_SAMPLES, _MEANS, _MEASURES):
        raise ValueError(f"it has unexpected columns: {table.column_names}")
    for name in present:
        column = table[name]
        if column.type != types.get(name, pa.float64()):
            raise ValueError(f"its column {name} has the type {column.type}")
        if column.null_count and name not in _MAY_BE_NULL:
            raise ValueError(f"its column {name} has {column.null_count:,} nulls")


def _check_envelope(content: Envelope, table: "pa.Table") -> None:
    """Raises ValueError, KeyError, TypeError or AttributeError unless the envelope is complete."""
    series = content["series"]
    numbers: list[object] = []
    texts: list[object] = []
    for point in series:
        numbers += [point["coverage"]["received"], point["coverage"]["expected"] or 0]
        texts += [gap[key] for gap in point["gaps"] for key in ("start", "end", "reason")]
        numbers += [*point.get("partial", []), *_check_proof(point.get("proof"))]
    streams.check_head(content, numbers, texts)
    names = [point["point_name"] for point in series]
    if any(chunk.dictionary.to_pylist() != names for chunk in table["point_name"].chunks):
        raise ValueError("its rows and its series have different points")


def _check_proof(proof: Envelope | None) -> list[float]:
    """Returns the numbers of a proof, none without one; KeyError, TypeError or ValueError if damaged."""
    if proof is None:
        return []
    steps = [step for key in ("resets", "rollovers", "dips", "spikes") for step in proof[key]]
    for time in [*(step["time"] for step in steps), *filter(None, [proof["newest_correction"]])]:
        datetime.fromisoformat(time)
    if not all(isinstance(file["date"], str) and isinstance(file["etag"], str) for file in proof["files"]):
        raise TypeError("a file has no name")
    return [
        proof["bridged"],
        proof["known_share"] or 0,
        *(step[key] for step in steps for key in ("from", "to")),
    ]


def joined(pages: Sequence["pa.Table"]) -> "pa.Table":
    """Returns the pages of a result as one table: point by point, each in order of time."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(pages) == 1:
        return _complete_bounds(pages[0])
    table = pa.concat_tables(page.replace_schema_metadata(None) for page in pages)
    table = table.unify_dictionaries().combine_chunks()
    # The sort is stable, and the pages are in order of time.
    table = table.take(pc.sort_indices(_point_indices(table)))
    return _described(_complete_bounds(table), merged(_renumbered(pages)))


def _renumbered(pages: Sequence["pa.Table"]) -> list[Envelope]:
    """Returns the envelopes of the pages, with partial buckets as rows of the joined series."""
    contents = [envelope(page) for page in pages]
    rows = [0] * len(contents[0]["series"])
    for page, content in zip(pages, contents, strict=True):
        for series, before in zip(content["series"], rows, strict=True):
            if "partial" in series:
                series["partial"] = [row + before for row in series["partial"]]
        counts = _counts(page, len(rows))
        rows = [before + count for before, count in zip(rows, counts, strict=True)]
    return contents


def _complete_bounds(table: "pa.Table") -> "pa.Table":
    """Returns the table with bounds in each row of a series that has any, without the columns if none has.

    A page without unknown time has no bounds: they equal its values.
    """
    import pyarrow.compute as pc

    if not set(_BOUNDS) <= set(table.column_names):
        return table
    points = _point_indices(table)
    bounded = points.filter(pc.is_valid(table["at_least"])).unique()
    if not len(bounded):
        return table.drop_columns(list(_BOUNDS))
    in_bounds = pc.is_in(points, bounded)
    for name in _BOUNDS:
        column = pc.if_else(in_bounds, pc.coalesce(table[name], table["value"]), table[name])
        table = table.set_column(table.column_names.index(name), name, column)
    return table


def answer(table: "pa.Table") -> Envelope:
    """Returns the table as the API's JSON: columns in the series, times in UTC milliseconds."""
    import pyarrow as pa

    content = envelope(table)
    columns = {
        key: table[name].cast(pa.int64()) if name in _TIMES else table[name]
        for name, key in _COLUMNS.items()
        if name in table.column_names
    }
    start = 0
    counts = _counts(table, len(content["series"]))
    for series, count in zip(content["series"], counts, strict=True):
        series |= {key: column.slice(start, count).to_pylist() for key, column in columns.items()}
        for name in _BOUNDS:
            if not any(bound is not None for bound in series.get(name, [])):
                series.pop(name, None)
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
