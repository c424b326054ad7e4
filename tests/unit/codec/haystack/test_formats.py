"""Grids as Zinc and JSON, read back by ourselves and by phable."""

from datetime import date, time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phable import kinds as phable_kinds
from phable.io.ph_json import ph_from_json
from phable.io.ph_zinc import ph_from_zinc

from vitals.codec.haystack import csv, hayson, zinc
from vitals.errors import InvalidRequestError
from vitals.model.haystack.values import (
    Column,
    Coord,
    DateTime,
    Dict,
    Grid,
    Instants,
    Mark,
    Number,
    Ref,
    Symbol,
    Uri,
    Value,
    XStr,
)

NAMES = st.from_regex(r"[a-z][A-Za-z0-9_]{0,6}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
IDS = st.from_regex(r"[A-Za-z0-9_:.~-]{1,12}", fullmatch=True)
UNITS = st.sampled_from(["", "°F", "kW/ft²", "%", "_x", "$"])
SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.booleans(),
    TEXTS,
    st.builds(Number, st.floats(allow_nan=False, allow_infinity=False), UNITS),
    st.sampled_from([Mark.MARKER, Mark.NA, Mark.REMOVE, Number(float("inf")), Number(float("-inf"))]),
    st.builds(Ref, IDS, TEXTS),
    st.builds(Symbol, IDS),
    st.builds(Uri, TEXTS),
    st.builds(XStr, st.just("Span"), TEXTS),
    st.builds(Coord, st.floats(-90, 90), st.floats(-180, 180)),
    st.dates(date(1000, 1, 1)),
    st.times().map(lambda clock: clock.replace(microsecond=clock.microsecond // 1000 * 1000)),
    st.builds(
        DateTime, st.integers(0, 4 * 10**12), st.sampled_from(["UTC", "America/Chicago", "Asia/Kolkata"])
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda value: st.one_of(
        st.lists(st.one_of(value, st.none()), max_size=3), st.dictionaries(NAMES, value, max_size=3)
    ),
    max_leaves=4,
)
ROWS = st.lists(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4), max_size=4)


@pytest.mark.parametrize("codec", [zinc, hayson])
@given(rows=ROWS, meta=st.dictionaries(NAMES.filter(lambda name: name != "ver"), VALUES, max_size=3))
def test_grids_come_back(codec: Any, rows: list[Dict], meta: Dict) -> None:
    grid = codec.decode(codec.encode(Grid.of(rows, meta)))
    assert grid.rows() == (rows or [])
    assert {name: value for name, value in grid.meta.items() if name != "ver"} == meta


@given(st.floats(allow_nan=False), UNITS)
def test_numbers_keep_their_bits_for_phable(value: float, unit: str) -> None:
    grid = Grid.of([{"val": Number(value, "" if value in (np.inf, -np.inf) else unit)}])
    for read in (ph_from_zinc(zinc.encode(grid)), ph_from_json(hayson.encode(grid))):
        assert isinstance(read, phable_kinds.Grid)
        number = read.rows[0]["val"]
        assert np.float64(number.val).tobytes() == np.float64(value).tobytes()


@given(st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=20))
def test_texts_come_back_from_phable(text: str) -> None:
    grid = Grid.of([{"id": Ref("a"), "dis": text}])
    for read in (ph_from_zinc(zinc.encode(grid)), ph_from_json(hayson.encode(grid))):
        assert isinstance(read, phable_kinds.Grid)
        assert read.rows[0]["dis"] == text


def test_a_history_is_written_in_local_time() -> None:
    times = np.array([1_762_063_200_000, 1_762_066_800_250])
    grid = Grid(
        [Column("ts", Instants(times, "America/Chicago")), Column("val", [Number(-0.0, "°F"), Mark.NA])]
    )
    assert zinc.encode(grid).splitlines() == [
        'ver:"3.0"',
        "ts,val",
        "2025-11-02T01:00:00-05:00 Chicago,-0.0°F",
        "2025-11-02T01:00:00.250-06:00 Chicago,NA",
    ]
    assert csv.encode(grid).splitlines()[1:] == zinc.encode(grid).splitlines()[2:]
    [first, _] = hayson.decode(hayson.encode(grid)).rows()
    assert first == {"ts": DateTime(int(times[0])), "val": Number(0.0, "°F")}


def test_csv_writes_texts_as_they_are() -> None:
    row: Dict = {
        "id": Ref("a.p1", "Zone, 1"),
        "point": Mark.MARKER,
        "on": True,
        "web": Uri("http://x"),
        "n": Number(1.5),
    }
    assert csv.encode(Grid.of([row, {"id": Ref("b")}])) == (
        'id,point,on,web,n\n"@a.p1 Zone, 1",✓,true,http://x,1.5\n@b,,,,\n'
    )
    assert csv.encode(Grid([])) == "empty\n"


def test_an_empty_grid_has_a_column() -> None:
    assert zinc.encode(Grid([])) == 'ver:"3.0"\nempty\n'
    assert '"cols":[{"name":"empty"}]' in hayson.encode(Grid([]))
    assert zinc.decode(zinc.encode(Grid([]))).rows() == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected 'ver:'"),
        ("ver:3", "expected a text in quotes"),
        ('ver:"3.0"', "expected a line end"),
        ('ver:"3.0"\n\n', "expected the name of a column"),
        ('ver:"3.0"\na\n1,2\n', "expected at most 1 values in the line"),
        ('ver:"3.0"\na\n1 2\n', "expected the end"),
        ('ver:"3.0"\na\n' + "[" * 11 + "]" * 11, "more than 10 values in each other"),
        ('ver:"3.0"\na\n{a', "expected '}'"),
        ('ver:"3.0"\n' + ",".join(["a"] * 101) + "\n", "at most 100 columns"),
        ('ver:"3.0"\na\n' + "1\n" * 10_001, "at most 10,000 rows"),
    ],
)
def test_another_text_is_no_grid(text: str, message: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        zinc.decode(text)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "must be a grid"),
        ('{"_kind":"grid","rows":[{}]}', "not a grid"),
        ('{"a":{"_kind":"ref","val":5}}', "not a ref"),
        ('{"a":{"_kind":"number","val":"x"}}', "not a number"),
        ('{"a":{"_kind":"cat"}}', "not a cat"),
        ('{"a":{"_kind":"date","val":"C(C(C(1"}}', "is not valid"),
        ('{"_kind":"grid","cols":[{"name":5}],"rows":[]}', "not a grid"),
        ('{"_kind":"grid","cols":[{"name":"A"}],"rows":[]}', "not a grid"),
        (
            '{"_kind":"grid","cols":[' + ",".join(['{"name":"a"}'] * 101) + '],"rows":[]}',
            "at most 100 columns",
        ),
        ('{"_kind":"grid","cols":[],"rows":[' + ",".join(["{}"] * 10_001) + "]}", "at most 10,000 rows"),
        ('{"a":' + "[" * 30 + "]" * 30 + "}", "more than 20 values in each other"),
    ],
)
def test_other_json_is_no_grid(text: str, message: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        hayson.decode(text)
    assert message in str(refused.value)


@given(st.text(max_size=60))
def test_no_text_does_more_than_fail(text: str) -> None:
    for decode in (zinc.decode, zinc.decode_value, hayson.decode):
        try:
            decode(f'ver:"3.0"\na\n{text}' if decode is zinc.decode else text)
        except InvalidRequestError:
            continue


def test_a_grid_may_contain_a_grid() -> None:
    inner = Grid.of([{"a": Number(1.0)}])
    value: Value = {"inner": "x"}
    grid = Grid.of([{"grid": inner, "dict": value}])
    for codec in (zinc, hayson):
        [row] = codec.decode(codec.encode(grid)).rows()
        read = row["grid"]
        assert isinstance(read, Grid)
        assert read.rows() == inner.rows()
        assert row["dict"] == value


def test_blanks_are_allowed_between_tokens() -> None:
    text = 'ver:"3.0" a \nx b:1 , y \n1 , 2\n'
    assert zinc.decode(text).rows() == [{"x": Number(1.0), "y": Number(2.0)}]
    assert zinc.decode_value("C(1, -2.5)") == Coord(1.0, -2.5)
    assert zinc.decode_value("1_000.5_x") == Number(1000.5, "_x")


def test_nothing_is_written_that_others_refuse() -> None:
    assert zinc.text_of(Number(float("inf"), "kW")) == "INF"
    assert zinc.text_of(Uri("a\nb`")) == "`a\\u000ab\\``"


def test_times_may_have_one_digit_of_hours() -> None:
    assert zinc.decode_value("8:05") == time(8, 5)
    assert zinc.decode_value("0x") == Number(0.0, "x")
