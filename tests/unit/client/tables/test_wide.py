"""Pages of wide tables are read and joined exactly, or refused."""

import json
import sys
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.client_tables import page as page_of_series
from tests.support.client_tables import stream
from vitals_client import SetupError, tables
from vitals_client.tables import wide

ZONE = "America/Chicago"
NAMES = ["main", "sum: main - solar", "a [kWh]"]
HEADERS = ["timestamp", "main [kWh]", "sum: main - solar [kWh]", "a [kWh]"]
HEAD = tables.envelope(page_of_series([]))

type Row = tuple[float | None, float | None, float | None]

CELLS = st.none() | st.floats(allow_nan=False, width=64)
ROWS = st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=20)


def page(rows: list[Row], first: int = 0, token: str | None = None, **fields: Any) -> pa.Table:
    """Returns a page as the API sends it, whose first row begins at this hour; odd hours are filled."""
    hours = range(first, first + len(rows))
    filled = [row for row, hour in enumerate(hours) if hour % 2]
    units = ["kWh", "kWh", ""]
    names = list(zip(NAMES, units, strict=True))
    counts = {"samples_returned": len(rows), "next_token": token}
    envelope = {key: value for key, value in HEAD.items() if key != "series"} | {
        "resolution": "1h",
        "measure": "mean",
        "timezone": ZONE,
        "units": "source",
        "metadata": HEAD["metadata"] | counts,
        "columns": [
            {"point_name": name, "unit": unit, "source_unit": unit, "filled": filled} for name, unit in names
        ],
        "partial": filled,
        "ends": [3_600_000 * (hour + 1) for hour in hours],
    }
    columns = [pa.array([3_600_000 * hour for hour in hours], pa.timestamp("ms", "UTC"))]
    columns += [pa.array([row[column] for row in rows], pa.float64()) for column in range(3)]
    content = json.dumps(envelope | fields)
    return pa.Table.from_arrays(columns, HEADERS).replace_schema_metadata({"vitals": content})


def bits(values: Any) -> list[bytes | None]:
    """Returns the bytes of each value, so that -0.0 is not 0.0."""
    return [None if value is None or np.isnan(value) else np.float64(value).tobytes() for value in values]


@given(ROWS, st.sets(st.integers(0, 20)))
def test_joined_pages_are_the_whole_table(rows: list[Row], ends: set[int]) -> None:
    edges = [0, *sorted(end for end in ends if 0 < end < len(rows)), len(rows)]
    pages = [wide.read(stream(page(rows[begin:end], begin))) for begin, end in pairwise(edges)]
    joined, whole = wide.joined(pages), page(rows)
    answer = wide.answer(joined)
    assert [bits(column["values"]) for column in answer["columns"]] == [
        bits(row[column] for row in rows) for column in range(3)
    ]
    expected = tables.envelope(whole)
    assert [column["filled"] for column in answer["columns"]] == [expected["partial"]] * 3
    assert (answer["partial"], answer["ends"]) == (expected["partial"], expected["ends"])
    assert answer["timestamps"] == [3_600_000 * row for row in range(len(rows))]
    assert answer["metadata"]["samples_returned"] == len(rows)

    frame = wide.frame(joined)
    assert list(frame.columns) == NAMES
    assert [bits(frame[name]) for name in NAMES] == [bits(row[column] for row in rows) for column in range(3)]
    assert (frame.index.name, str(frame.index.tz)) == ("timestamp", ZONE)
    assert [round(time.timestamp() * 1000) for time in frame.index] == answer["timestamps"]
    assert frame.attrs == {
        "measure": "mean",
        "timezone": ZONE,
        "units": "source",
        "resolution": "1h",
        "unit": {"main": "kWh", "sum: main - solar": "kWh", "a [kWh]": ""},
    }


THREE: list[Row] = [(1.0, None, -0.0), (2.0, 3.0, None), (None, 0.1, 4.0)]
ENVELOPE = tables.envelope(page(THREE))
FLIPS = st.lists(st.tuples(st.integers(0), st.integers(1, 255)), min_size=1, max_size=4)


@settings(max_examples=300)
@given(FLIPS)
def test_a_damaged_stream_is_refused_or_complete(flips: list[tuple[int, int]]) -> None:
    whole = stream(page(THREE))
    damaged = bytearray(whole)
    for offset, mask in flips:
        damaged[offset % len(whole)] ^= mask
    try:
        table = wide.read(bytes(damaged))
    except ValueError:
        return
    assert (table.num_rows, table.num_columns) == (3, 4)
    assert len(wide.frame(wide.joined([table]))) == len(wide.answer(table)["timestamps"]) == 3


def test_a_truncated_stream_is_refused() -> None:
    whole = stream(page(THREE), 1)
    for length in range(len(whole)):
        with pytest.raises(ValueError):
            wide.read(whole[:length])


@pytest.mark.parametrize(
    "damaged",
    [
        {"columns": ENVELOPE["columns"][:-1]},
        {"columns": [column | {"point_name": "other"} for column in ENVELOPE["columns"]]},
        {"columns": [column | {"filled": [3]} for column in ENVELOPE["columns"]]},
        {"columns": [column | {"filled": ["0"]} for column in ENVELOPE["columns"]]},
        {"columns": None},
        {"partial": [-1]},
        {"ends": [1]},
        {"metadata": ENVELOPE["metadata"] | {"samples_returned": 4}},
        {"metadata": ENVELOPE["metadata"] | {"cost": []}},
        {"timezone": "America/Chicag"},
        {"warnings": None},
    ],
)
def test_a_damaged_envelope_is_refused(damaged: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        wide.read(stream(page(THREE, **damaged)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.select([0, 1, 3, 2]), "should be sum: main"),
        (lambda table: table.select([1, 2, 3, 0]), "unexpected columns"),
        (lambda table: table.drop_columns("a [kWh]"), "unexpected columns"),
        (lambda table: table.set_column(1, "main [kWh]", pa.array([1, 2, 3])), "has the type int64"),
        (lambda table: table.take([0, 2, 1]), "not in order"),
        (lambda table: table.take([0, 1, 1]), "not in order"),
    ],
)
def test_unexpected_columns_are_refused(change: Any, message: str) -> None:
    table = page(THREE)
    changed = change(table).replace_schema_metadata(table.schema.metadata)
    with pytest.raises(ValueError, match=message):
        wide.read(stream(changed))


def test_equal_headers_are_told_apart() -> None:
    table = page(THREE).rename_columns([*HEADERS[:3], "a [kWh] []"])
    table = table.replace_schema_metadata(page(THREE).schema.metadata)
    assert list(wide.frame(wide.read(stream(table))).columns) == NAMES


def test_pages_of_other_columns_are_refused() -> None:
    other = wide.read(stream(page(THREE))).rename_columns(["timestamp", "b", "c", "d"])
    with pytest.raises(ValueError, match="different columns"):
        wide.joined([wide.read(stream(page(THREE))), other])


def test_a_missing_pandas_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    wide.check_pandas()
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(SetupError, match=r"pip install 'vitals-client\[pandas\]'"):
        wide.check_pandas()
