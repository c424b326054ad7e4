"""Pages of a result are read and joined exactly."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.client_tables import ALL, NAMES, page, stream
from vitals_client import tables

VALUES = st.floats(allow_nan=False, width=64)
ROWS = st.lists(st.tuples(st.sampled_from([0, 1, 3]), VALUES), max_size=40)


def bits(table: pa.Table) -> list[tuple[str, int, bytes]]:
    times = table["timestamp"].cast(pa.int64()).to_pylist()
    values = [np.float64(value).tobytes() for value in table["value"].to_pylist()]
    return list(zip(table["point_name"].to_pylist(), times, values, strict=True))


@given(ROWS, st.sets(st.integers(0, 40)))
def test_joined_pages_are_the_whole_table(samples: list[tuple[int, float]], ends: set[int]) -> None:
    rows = [(point, time, value) for time, (point, value) in enumerate(samples)]
    edges = [0, *sorted(end for end in ends if 0 < end < len(rows)), len(rows)]
    pages = [page(rows[begin:end]) for begin, end in pairwise(edges)]
    whole, joined = page(rows), tables.joined(pages)
    assert bits(joined) == bits(whole)
    assert joined["point_name"].num_chunks <= 1
    assert joined["point_name"].type == whole["point_name"].type
    assert tables.envelope(joined)["metadata"]["total_samples"] == len(rows)
    received = [series["coverage"]["received"] for series in tables.envelope(joined)["series"]]
    assert received == [series["coverage"]["received"] for series in tables.envelope(whole)["series"]]
    answer = tables.answer(joined)
    assert [series["point_name"] for series in answer["series"]] == NAMES
    flat = [
        (series["point_name"], time, np.float64(value).tobytes())
        for series in answer["series"]
        for time, value in zip(series["timestamps"], series["values"], strict=True)
    ]
    assert flat == bits(whole)


def test_a_single_page_is_not_changed() -> None:
    table = page([(0, 1, 1.0)])
    assert tables.joined([table]) is table


@pytest.mark.parametrize("rows_per_batch", [100, 7])
def test_a_truncated_stream_is_refused(rows_per_batch: int) -> None:
    """Also between two messages, where pyarrow accepts it."""
    whole = stream(page(ALL), rows_per_batch)
    assert tables.read(whole).num_rows == len(ALL)
    assert any(length < len(whole) and pa_rows(whole[:length]) is not None for length in range(len(whole)))
    for length in range(len(whole)):
        with pytest.raises(ValueError):
            tables.read(whole[:length])


def pa_rows(stream: bytes) -> int | None:
    try:
        return int(pa.ipc.open_stream(stream).read_all().num_rows)
    except (OSError, pa.ArrowException):
        return None


def message_ends(whole: bytes) -> list[int]:
    """Returns where each message ends, after the start of the first."""
    source, ends = pa.BufferReader(whole), [0]
    while source.tell() < len(whole) - 8:
        pa.ipc.read_message(source)
        ends.append(source.tell())
    return ends


@pytest.mark.parametrize("rows_per_batch", [100, 7])
def test_a_stream_that_ends_in_zeros_is_refused(rows_per_batch: int) -> None:
    whole = stream(page(ALL), rows_per_batch)
    for end in message_ends(whole):
        for zeros in (4, 8, 16, len(whole) - end):
            with pytest.raises(ValueError):
                tables.read(whole[:end] + bytes(zeros))
    # The last four bytes are zeros.
    for end in range(len(whole) - 4):
        with pytest.raises(ValueError):
            tables.read(whole[:end] + bytes(len(whole) - end))


def use(table: pa.Table) -> tuple[list[tuple[str, int]], list[str]]:
    """Uses a result as a caller does, and returns the number of rows of each point."""
    joined = tables.joined([table, page([])])
    tables.answer(joined)
    tables.answer(table)
    names = [series["point_name"] for series in tables.envelope(joined)["series"]]
    points = table["point_name"].to_pylist()
    return [(name, points.count(name)) for name in names], names


def measured(rows: list[tuple[int, int, float]], bounds: list[float | None], **fields: Any) -> pa.Table:
    """Returns a page of a runtime in local days, as the API sends it."""
    table = page(rows, timezone="America/Chicago", measure="runtime", **fields)
    columns = {"count": pa.array([7] * len(rows)), "known": pa.array([None] * len(rows), pa.float64())}
    if any(bound is not None for bound in bounds):
        columns |= {"at_least": pa.array(bounds, pa.float64()), "at_most": pa.array(bounds, pa.float64())}
    for name, column in columns.items():
        table = table.append_column(name, column)
    return table


def test_bounds_of_pages_are_complete() -> None:
    """A page without unknown time has no bounds, and a series without any has none."""
    pages = [
        measured([(0, 1, 5.0), (1, 1, 8.0)], [None, None], series=partial(0)),
        measured([(0, 2, 3.0), (1, 2, 9.0)], [4.0, None], series=partial(0)),
    ]
    joined = tables.joined([tables.read(stream(page)) for page in pages])
    assert joined["timestamp"].type == pa.timestamp("ms", "America/Chicago")
    assert joined["at_most"].to_pylist() == [5.0, 4.0, None, None]
    first, second, *_ = tables.answer(joined)["series"]
    assert first["at_least"] == [5.0, 4.0] and "at_least" not in second
    assert first["known"] == [None, None]
    assert first["partial"] == [0, 1]
    alone = tables.joined([tables.read(stream(pages[0]))])
    assert "at_least" not in alone.column_names


def partial(row: int) -> list[dict[str, Any]]:
    series: list[dict[str, Any]] = tables.envelope(page([]))["series"]
    return [point | {"partial": [row]} if not index else point for index, point in enumerate(series)]


@pytest.mark.parametrize("zone", ["America/Chicag", "", "../x", "UTC\0"])
def test_a_damaged_timezone_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="timezone"):
        tables.read(stream(page(ALL, timezone=zone)))


FLIPS = st.lists(st.tuples(st.integers(0), st.integers(1, 255)), min_size=1, max_size=4)


@settings(max_examples=400)
@given(st.sampled_from([stream(page(ALL), 100), stream(page(ALL), 7), stream(page([]))]), FLIPS)
def test_a_damaged_stream_is_refused_or_complete(whole: bytes, flips: list[tuple[int, int]]) -> None:
    """A flip in a time, a value or a point index is not detected, because a stream has no checksum."""
    damaged = bytearray(whole)
    for offset, mask in flips:
        damaged[offset % len(whole)] ^= mask
    try:
        table = tables.read(bytes(damaged))
    except ValueError:
        return
    assert table.num_rows == tables.read(whole).num_rows
    counts, names = use(table)
    assert sum(count for _, count in counts) == table.num_rows
    assert len(names) == len(NAMES)


ENVELOPE = tables.envelope(page(ALL))


@pytest.mark.parametrize(
    "damaged",
    [
        [],
        ENVELOPE | {"series": {}},
        ENVELOPE | {"series": ENVELOPE["series"][:-1]},
        ENVELOPE
        | {"series": [series | {"gaps": [{"start": "", "end": ""}]} for series in ENVELOPE["series"]]},
        ENVELOPE | {"series": [series | {"coverage": {}} for series in ENVELOPE["series"]]},
        ENVELOPE | {"series": [series | {"point_name": "x"} for series in ENVELOPE["series"]]},
        ENVELOPE | {"start_time": "2026-91-01T00:00:00Z"},
        ENVELOPE | {"end_time": None},
        ENVELOPE | {"warnings": None},
        ENVELOPE | {"warning_details": [{"text": "a"}]},
        ENVELOPE | {"warning_details": [{"code": 1, "text": "a"}]},
        ENVELOPE | {"metadata": ENVELOPE["metadata"] | {"cost": []}},
        ENVELOPE | {"metadata": ENVELOPE["metadata"] | {"next_token": 5}},
        ENVELOPE | {"metadata": ENVELOPE["metadata"] | {"samples_read": "36"}},
        *(
            {key: value for key, value in ENVELOPE.items() if key != missing}
            for missing in ENVELOPE
            if missing != "site_name"
        ),
    ],
)
def test_a_damaged_envelope_is_refused(damaged: Any) -> None:
    with pytest.raises(ValueError):
        tables.read(stream(page(ALL).replace_schema_metadata({"vitals": json.dumps(damaged)})))


def renamed(table: pa.Table, *names: str) -> pa.Table:
    return table.rename_columns(names).replace_schema_metadata(table.schema.metadata)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (page(ALL).drop_columns("value"), "has unexpected columns"),
        (renamed(page(ALL), "point_name", "timestamp", "valve"), "has unexpected columns"),
        (page(ALL).append_column("min", page(ALL)["value"]), "has unexpected columns"),
        (page(ALL).set_column(2, "value", pa.array(range(36), pa.int32())), "has the type int32"),
        (page(ALL).set_column(2, "value", pa.array([None] * 36, pa.float64())), "36 nulls"),
    ],
)
def test_unexpected_columns_are_refused(table: pa.Table, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tables.read(stream(table))


@given(ROWS, st.data())
def test_a_stream_is_read_completely_or_refused(
    samples: list[tuple[int, float]], data: st.DataObject
) -> None:
    rows = [(point, time, value) for time, (point, value) in enumerate(samples)]
    whole = stream(page(rows), data.draw(st.integers(1, 50)))
    assert bits(tables.read(whole)) == bits(page(rows))
    end = data.draw(st.integers(0, len(whole) - 1))
    for broken in (
        whole[:end],
        whole + whole[:end] + b"x",
        whole[:end] + whole[-8:] if end < len(whole) - 8 else b"",
    ):
        with pytest.raises(ValueError):
            tables.read(broken)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"samples_returned": 37}, "36 rows instead of 37"),
        ({"samples_returned": 0}, "36 rows instead of 0"),
        ({"samples_returned": None}, "36 rows"),
    ],
)
def test_a_wrong_number_of_rows_is_refused(metadata: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tables.read(stream(page(ALL, metadata=metadata)))
    with pytest.raises(ValueError, match="number of rows"):
        tables.read(stream(page(ALL).replace_schema_metadata({"vitals": "[]"})))
