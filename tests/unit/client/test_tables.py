"""Pages of an answer, joined: what was cut apart is whole again, to the bit."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitals_client import tables

NAMES = ["b", "a", "nothing", "c"]
COST = {"read_units": 1.5, "requests": 2, "bytes": 0, "bytes_scanned": 0, "micro_dollars": 4.0}
VALUES = st.floats(allow_nan=False, width=64)
ROWS = st.lists(st.tuples(st.sampled_from([0, 1, 3]), VALUES), max_size=40)


def page(rows: list[tuple[int, int, float]], token: str | None = None, **more: Any) -> pa.Table:
    """A page of the API of rows (number of the point, time, value)."""
    rows = sorted(rows, key=lambda row: row[:2])
    points, times, values = ([row[place] for row in rows] for place in range(3))
    metadata = {
        "total_samples": len(rows),
        "sources": ["hot"],
        "next_token": token,
        "method": None,
        "samples_read": len(rows),
        "samples_returned": len(rows),
        "query_time_ms": 1.5,
        "cache_hit": False,
        "cost": COST,
    } | more.pop("metadata", {})
    gaps = more.pop("gaps", {})
    coverage = [{"expected": 10, "received": points.count(n)} for n in range(len(NAMES))]
    series = [
        {"point_name": name, "gaps": gaps.get(name, []), "coverage": coverage[n]}
        for n, name in enumerate(NAMES)
    ]
    told = {
        "site_name": "home",
        "start_time": "2026-01-01T00:00:00Z",
        "end_time": "2026-01-02T00:00:00Z",
        "series": series,
        "metadata": metadata,
        "warnings": [],
    } | more
    columns = {
        "point_name": pa.DictionaryArray.from_arrays(pa.array(points, pa.int32()), pa.array(NAMES)),
        "timestamp": pa.array(times, pa.timestamp("ms", "UTC")),
        "value": pa.array(values, pa.float64()),
    }
    return pa.table(columns, metadata={"vitals": json.dumps(told)})


def bits(table: pa.Table) -> list[tuple[str, int, bytes]]:
    times = table["timestamp"].cast(pa.int64()).to_pylist()
    values = [np.float64(value).tobytes() for value in table["value"].to_pylist()]
    return list(zip(table["point_name"].to_pylist(), times, values, strict=True))


@given(ROWS, st.sets(st.integers(0, 40)))
def test_pages_are_the_table_that_they_were_cut_from(found: list[tuple[int, float]], cuts: set[int]) -> None:
    rows = [(point, at, value) for at, (point, value) in enumerate(found)]
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(rows)), len(rows)]
    pages = [page(rows[begin:end]) for begin, end in pairwise(edges)]
    whole, joined = page(rows), tables.joined(pages)
    assert bits(joined) == bits(whole)
    assert joined["point_name"].num_chunks <= 1
    assert joined["point_name"].type == whole["point_name"].type
    assert tables.beside(joined)["metadata"]["total_samples"] == len(rows)
    received = [series["coverage"]["received"] for series in tables.beside(joined)["series"]]
    assert received == [series["coverage"]["received"] for series in tables.beside(whole)["series"]]
    answer = tables.answer(joined)
    assert [series["point_name"] for series in answer["series"]] == NAMES
    flat = [
        (series["point_name"], at, np.float64(value).tobytes())
        for series in answer["series"]
        for at, value in zip(series["timestamps"], series["values"], strict=True)
    ]
    assert flat == bits(whole)


def test_what_pages_say_is_told_once() -> None:
    ended_early = "not all of the range was read in time; next_token goes on"
    first = page([], "t", warnings=["left out: a day", ended_early], metadata={"sources": ["archive", "hot"]})
    last = page([(0, 5, 1.0)], warnings=["left out: a day", "the shorter gaps are left out"])
    told = tables.merged([tables.beside(first), tables.beside(last)])
    assert told["warnings"] == ["left out: a day", "the shorter gaps are left out"]
    assert told["metadata"]["sources"] == ["archive", "hot"]
    assert told["metadata"]["cost"] == {key: 2 * value for key, value in COST.items()}
    assert told["metadata"]["query_time_ms"] == 3.0
    assert told["metadata"]["next_token"] is None
    assert [series["coverage"]["expected"] for series in told["series"]] == [20] * 4


def gap(start: str, end: str, reason: str = "no_data", **more: bool) -> dict[str, Any]:
    return {"start": start, "end": end, "reason": reason} | more


def test_a_gap_across_the_edge_of_a_page_is_one() -> None:
    """Two gaps that meet at a sample which is alone are two."""
    on = {"continues": True}
    pages = [
        page(
            [], "t", gaps={"a": [gap("10:00", "10:05"), gap("11:00", "12:00")], "b": [gap("11:00", "12:00")]}
        ),
        page(
            [],
            "t",
            gaps={"a": [gap("12:00", "13:00", **on)], "b": [gap("12:00", "13:00", "not_polled", **on)]},
        ),
        page(
            [], gaps={"a": [gap("13:00", "13:30", **on), gap("13:30", "14:05")], "b": [gap("13:00", "14:00")]}
        ),
    ]
    told = tables.merged([tables.beside(each) for each in pages])
    found = {series["point_name"]: series["gaps"] for series in told["series"]}
    assert found["a"] == [gap("10:00", "10:05"), gap("11:00", "13:30"), gap("13:30", "14:05")]
    assert found["b"] == [gap("11:00", "12:00"), gap("12:00", "13:00", "not_polled"), gap("13:00", "14:00")]
    assert found["c"] == []


def test_one_page_stays_as_it_is() -> None:
    only = page([(0, 1, 1.0)])
    assert tables.joined([only]) is only


def test_of_a_point_that_does_not_say_how_often_nothing_is_expected() -> None:
    pages = [tables.beside(page([])), tables.beside(page([]))]
    pages[0]["series"][0]["coverage"]["expected"] = None
    told = tables.merged(pages)
    assert [series["coverage"]["expected"] for series in told["series"]] == [None, 20, 20, 20]


def stream(table: pa.Table, rows_a_batch: int = 1 << 20) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as out:
        out.write_table(table, rows_a_batch)
    return sink.getvalue().to_pybytes()


ALL = [(point, at, at / 7) for at in range(12) for point in (0, 1, 3)]


@pytest.mark.parametrize("rows_a_batch", [100, 7])
def test_a_stream_that_is_cut_anywhere_is_none(rows_a_batch: int) -> None:
    """Between two messages too, where pyarrow takes it for whole."""
    whole = stream(page(ALL), rows_a_batch)
    assert tables.read(whole).num_rows == len(ALL)
    assert any(length < len(whole) and pa_rows(whole[:length]) is not None for length in range(len(whole)))
    for length in range(len(whole)):
        with pytest.raises(ValueError):
            tables.read(whole[:length])


def pa_rows(part: bytes) -> int | None:
    try:
        return int(pa.ipc.open_stream(part).read_all().num_rows)
    except (OSError, pa.ArrowException):
        return None


def message_ends(whole: bytes) -> list[int]:
    """Where each message of a stream ends, and where the first begins."""
    source, ends = pa.BufferReader(whole), [0]
    while source.tell() < len(whole) - 8:
        pa.ipc.read_message(source)
        ends.append(source.tell())
    return ends


@pytest.mark.parametrize("rows_a_batch", [100, 7])
def test_a_stream_whose_tail_is_zeros_is_none(rows_a_batch: int) -> None:
    whole = stream(page(ALL), rows_a_batch)
    for end in message_ends(whole):
        for zeros in (4, 8, 16, len(whole) - end):
            with pytest.raises(ValueError):
                tables.read(whole[:end] + bytes(zeros))
    # The last four bytes are zeros.
    for end in range(len(whole) - 4):
        with pytest.raises(ValueError):
            tables.read(whole[:end] + bytes(len(whole) - end))


def used(table: pa.Table) -> tuple[list[tuple[str, int]], list[str]]:
    """What a caller does with an answer; the points and how many rows each has."""
    joined = tables.joined([table, page([])])
    tables.answer(joined)
    tables.answer(table)
    names = [series["point_name"] for series in tables.beside(joined)["series"]]
    points = table["point_name"].to_pylist()
    return [(name, points.count(name)) for name in names], names


FLIPS = st.lists(st.tuples(st.integers(0), st.integers(1, 255)), min_size=1, max_size=4)


@settings(max_examples=400)
@given(st.sampled_from([stream(page(ALL), 100), stream(page(ALL), 7), stream(page([]))]), FLIPS)
def test_a_damaged_stream_is_none_or_has_every_row(whole: bytes, flips: list[tuple[int, int]]) -> None:
    """A flip within a time, a value or a point's number is not seen, for a stream has no checksum."""
    damaged = bytearray(whole)
    for at, bits_ in flips:
        damaged[at % len(whole)] ^= bits_
    try:
        table = tables.read(bytes(damaged))
    except ValueError:
        return
    assert table.num_rows == tables.read(whole).num_rows
    counts, names = used(table)
    assert sum(count for _, count in counts) == table.num_rows
    assert len(names) == len(NAMES)


BESIDE = tables.beside(page(ALL))


@pytest.mark.parametrize(
    "damaged",
    [
        [],
        BESIDE | {"series": {}},
        BESIDE | {"series": BESIDE["series"][:-1]},
        BESIDE | {"series": [series | {"gaps": [{"start": "", "end": ""}]} for series in BESIDE["series"]]},
        BESIDE | {"series": [series | {"coverage": {}} for series in BESIDE["series"]]},
        BESIDE | {"series": [series | {"point_name": "x"} for series in BESIDE["series"]]},
        BESIDE | {"start_time": "2026-91-01T00:00:00Z"},
        BESIDE | {"end_time": None},
        BESIDE | {"warnings": None},
        BESIDE | {"metadata": BESIDE["metadata"] | {"cost": []}},
        BESIDE | {"metadata": BESIDE["metadata"] | {"next_token": 5}},
        BESIDE | {"metadata": BESIDE["metadata"] | {"samples_read": "36"}},
        *(
            {key: value for key, value in BESIDE.items() if key != each}
            for each in BESIDE
            if each != "site_name"
        ),
    ],
)
def test_what_is_said_beside_the_columns_is_whole_or_the_stream_is_none(damaged: Any) -> None:
    with pytest.raises(ValueError):
        tables.read(stream(page(ALL).replace_schema_metadata({"vitals": json.dumps(damaged)})))


def renamed(table: pa.Table, *names: str) -> pa.Table:
    return table.rename_columns(names).replace_schema_metadata(table.schema.metadata)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (page(ALL).drop_columns("value"), "has the columns"),
        (renamed(page(ALL), "point_name", "timestamp", "valve"), "has the columns"),
        (page(ALL).append_column("min", page(ALL)["value"]), "has the columns"),
        (page(ALL).set_column(2, "value", pa.array(range(36), pa.int32())), "is of type int32"),
        (page(ALL).set_column(2, "value", pa.array([None] * 36, pa.float64())), "36 rows without a value"),
    ],
)
def test_a_stream_of_other_columns_is_none(table: pa.Table, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        tables.read(stream(table))


@given(ROWS, st.data())
def test_a_stream_is_its_table_or_none(found: list[tuple[int, float]], data: st.DataObject) -> None:
    rows = [(point, at, value) for at, (point, value) in enumerate(found)]
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
    ("metadata", "says"),
    [
        ({"samples_returned": 37}, "36 rows and says 37"),
        ({"samples_returned": 0}, "36 rows and says 0"),
        ({"samples_returned": None}, "36 rows"),
    ],
)
def test_a_stream_of_fewer_rows_than_it_says_is_none(metadata: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        tables.read(stream(page(ALL, metadata=metadata)))
    with pytest.raises(ValueError, match="how many rows"):
        tables.read(stream(page(ALL).replace_schema_metadata({"vitals": "[]"})))
