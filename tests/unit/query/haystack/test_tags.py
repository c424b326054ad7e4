"""Tags of an upstream as tags of Haystack."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.haystack.tags import tag_name, tags_of, value_of
from vitals.codec.haystack import hayson, zinc
from vitals.model.haystack.scanner import NAME
from vitals.model.haystack.values import Grid, Mark, Number, Ref, Symbol, Uri


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("discharge", "discharge"),
        ("zoneAirTemp", "zoneAirTemp"),
        ("Zone Air Temp", "zoneAirTemp"),
        ("AHU", "ahu"),
        ("AHU-1", "ahu1"),
        ("SupplyFan", "supplyFan"),
        ("Ünit_Größe", "unitGroE"),
        ("2nd floor", "n2ndFloor"),
        ("--", ""),
        ("日本", ""),
    ],
)
def test_names_are_camel_case(text: str, name: str) -> None:
    assert tag_name(text) == name


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("discharge", "", Mark.MARKER),
        ("discharge", "m:", Mark.MARKER),
        ("floor", "2", "2"),
        ("floor", "s:2", "2"),
        ("area", "n:12.5 m²", Number(12.5, "m²")),
        ("area", "n:12", Number(12.0)),
        ("area", "n:x", "n:x"),
        ("area", "n:1e400 kW", "n:1e400 kW"),
        ("since", "d:C(C(C(", "d:C(C(C("),
        ("on", "b:T", True),
        ("on", "b:false", False),
        ("web", "u:http://x", Uri("http://x")),
        ("since", "d:2026-01-02", date(2026, 1, 2)),
        ("since", "d:2026-13-02", "d:2026-13-02"),
        ("def", "y:ahu", Symbol("ahu")),
        ("haystackRef", "r:p:demo:r:1-2 Room 5", Ref("p:demo:r:1-2", "Room 5")),
        ("haystackRef", "@demo.1", Ref("demo.1")),
        ("haystackRef", "demo.1", Ref("demo.1")),
        ("haystackRef", "no reference!", "no reference!"),
        ("note", "demo.1", "demo.1"),
    ],
)
def test_values_of_version_three_are_values(name: str, text: str, value: Any) -> None:
    assert value_of(name, text) == value


def test_tags_of_our_records_are_left_out() -> None:
    assert tags_of(("id=5", "equip=AHU 1", "point", "siteRef=@x", "unit=kW", "kind=Bool", "cool")) == {
        "cool": Mark.MARKER
    }


def test_the_exact_name_counts() -> None:
    assert tags_of(("Floor=1", "floor=2", "FLOOR=3")) == {"floor": "2"}
    assert tags_of(("Floor=1", "FLOOR=3")) == {"floor": "1"}
    assert tags_of(("floor=1", "floor=2")) == {"floor": "1"}


@given(st.lists(st.text(max_size=20), max_size=6))
def test_every_tag_can_be_written(tags: list[str]) -> None:
    record = tags_of(tuple(tags))
    assert all(NAME.fullmatch(name) for name in record)
    row = {"id": Ref("x"), **record}
    for codec in (zinc, hayson):
        assert codec.decode(codec.encode(Grid.of([row]))).rows() == [row]
