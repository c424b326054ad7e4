"""Reads the pages of wide tables (`form=table`): a row for each bucket, a column for each point or sum."""

import json
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import accumulate
from typing import TYPE_CHECKING

from vitals_client.errors import SetupError
from vitals_client.merging import Envelope, merged_heads
from vitals_client.tables import streams
from vitals_client.tables.streams import KEY, envelope

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

TIME = "timestamp"
"""The column of the rows' times; the others are named as in files, with their units."""


def read(stream: bytes) -> "pa.Table":
    """Returns the table of one page; ValueError when the stream is incomplete or damaged.

    What is detected is as for series.
    """
    table = streams.decoded(stream)
    with streams.damage_refused():
        content = envelope(table)
        streams.check_head(content, _row_numbers(content, table.num_rows), [content["resolution"]])
        _check_columns(table, [(column["point_name"], column["unit"]) for column in content["columns"]])
    return _described(streams.plain(streams.zoned(table, [TIME])), content)


def joined(pages: Sequence["pa.Table"]) -> "pa.Table":
    """Returns the pages of a result, in order of time, as one table; ValueError if their columns differ."""
    import pyarrow as pa

    if any(page.schema != pages[0].schema for page in pages):
        raise ValueError("its pages have different columns")
    table = pa.concat_tables(page.replace_schema_metadata(None) for page in pages).combine_chunks()
    return _described(table, _merged(pages))


def check_pandas() -> None:
    """Raises SetupError unless pandas, which the client does without otherwise, is installed."""
    if find_spec("pandas") is None:
        raise SetupError("pandas is not installed; run pip install 'vitals-client[pandas]'")


def frame(table: "pa.Table") -> "pd.DataFrame":
    """Returns a data frame indexed by time, with a column of floats for each name, NaN where it is null."""
    import pandas as pd

    content = envelope(table)
    names = [column["point_name"] for column in content["columns"]]
    values = (table.column(index).to_pandas() for index in range(1, table.num_columns))
    index = pd.DatetimeIndex(table[TIME].to_pandas(), name=TIME)
    series = {name: column.to_numpy() for name, column in zip(names, values, strict=True)}
    result = pd.DataFrame(series, index=index, columns=names, dtype="float64")
    result.attrs = streams.attributes(content) | {
        "resolution": content["resolution"],
        "unit": {column["point_name"]: column["unit"] for column in content["columns"]},
    }
    return result


def answer(table: "pa.Table") -> Envelope:
    """Returns the table as the API's JSON: times in UTC milliseconds, and the values of each column."""
    import pyarrow as pa

    content = envelope(table)
    values = [table.column(index).to_pylist() for index in range(1, table.num_columns)]
    pairs = zip(content["columns"], values, strict=True)
    columns = [{**column, "values": numbers} for column, numbers in pairs]
    return content | {"timestamps": table[TIME].cast(pa.int64()).to_pylist(), "columns": columns}


def _row_numbers(content: Envelope, rows: int) -> Iterator[object]:
    """Yields the row numbers and the ends of an envelope; ValueError for a row that does not exist."""
    for numbers in (content["partial"], *(column["filled"] for column in content["columns"])):
        for number in numbers:
            if isinstance(number, int) and not 0 <= number < rows:
                raise ValueError(f"it has no row {number}")
            yield number
    if "ends" in content and len(content["ends"]) != rows:
        raise ValueError("its rows and their ends differ in number")
    yield from content.get("ends", ())


def _check_columns(table: "pa.Table", columns: Sequence[tuple[str, str]]) -> None:
    """Raises ValueError unless the columns are times in order, and numbers under the name of each column."""
    import pyarrow as pa
    import pyarrow.compute as pc

    [first, *headers] = table.column_names or [""]
    prefixes = [f"{name} [{unit}]" if unit else name for name, unit in columns]
    if first != TIME or len(headers) != len(prefixes):
        raise ValueError(f"it has unexpected columns: {table.column_names}")
    for header, prefix in zip(headers, prefixes, strict=True):
        # A header that another column has is followed by [].
        if not header.startswith(prefix) or header[len(prefix) :].replace(" []", ""):
            raise ValueError(f"its column {header} should be {prefix}")
    types = [pa.timestamp("ms", "UTC"), *[pa.float64()] * len(headers)]
    for field, kind in zip(table.schema, types, strict=True):
        if field.type != kind:
            raise ValueError(f"its column {field.name} has the type {field.type}")
    times = table[TIME].combine_chunks().cast(pa.int64())
    if times.null_count or not pc.all(pc.greater(times[1:], times[:-1]), min_count=0).as_py():
        raise ValueError("its times are not in order")


def _merged(pages: Sequence["pa.Table"]) -> Envelope:
    """Returns the envelopes of the pages as one, with rows numbered through all pages."""
    contents = [envelope(page) for page in pages]
    starts = [0, *accumulate(page.num_rows for page in pages)]
    content = merged_heads(contents)
    content["partial"] = _renumbered([page["partial"] for page in contents], starts)
    for index, column in enumerate(content["columns"]):
        column["filled"] = _renumbered([page["columns"][index]["filled"] for page in contents], starts)
    if "ends" in content:
        content["ends"] = [end for page in contents for end in page["ends"]]
    return content


def _renumbered(rows_of_pages: Sequence[Sequence[int]], starts: Sequence[int]) -> list[int]:
    pages = zip(rows_of_pages, starts, strict=False)
    return [start + row for rows, start in pages for row in rows]


def _described(table: "pa.Table", content: Envelope) -> "pa.Table":
    return table.replace_schema_metadata({KEY: json.dumps(content).encode()})
