"""Finding points by words and tags."""

import functools
import unicodedata
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.points import search as point_search
from query.points.names import display_name
from vitals.model.point_settings import PointSettings
from vitals.model.points import MAX_NAME, ListedPoint, Point

SITE = "home"
POINTS = [
    Point(
        0,
        ListedPoint(
            "ses/home/8000:33-8033/analogInput/1",
            "degreesFahrenheit",
            "Supply air temperature",
            60,
            ("ahu", "equip=AHU-1", "floor=2"),
            "AHU1_SAT",
            "Roof controller",
        ),
    ),
    Point(1, ListedPoint("ses/home/8000:33-8033/binaryInput/2", tags=("ahu", "fan", "floor=3"))),
    Point(2, ListedPoint("weather.wet_bulb", "degF", tags=("weather", "x="))),
]


@pytest.mark.parametrize(
    ("search", "tags", "ids"),
    [
        ("", [], [0, 1, 2]),
        ("supply AIR", [], [0]),
        ("supply fan", [], []),
        ("binaryinput", [], [1]),
        ("Binary input 2, device 8033", [], [1]),
        ("ahu1_sat", [], [0]),
        ("roof", [], [0]),
        ("fahrenheit", [], [0]),
        ("°F", [], [0, 2]),
        ("supply °f analog", [], [0]),
        ("wet bulb", [], [2]),
        ("floor=3", [], [1]),
        # A word is not put together from two things.
        ("temperatureAHU1", [], []),
        ("", ["ahu"], [0, 1]),
        ("", ["AHU", "fan"], [1]),
        ("", ["floor=2"], [0]),
        ("", ["floor"], [0, 1]),
        ("", ["floor", "equip=ahu-1"], [0]),
        ("", ["flo"], []),
        ("", ["unit=degF"], [2]),
        ("", ["unit"], [0, 2]),
        ("", ["x="], [2]),
        ("", [""], []),
        ("supply", ["fan"], []),
        ("supply", ["ahu"], [0]),
    ],
)
def test_every_word_and_every_tag(search: str, tags: list[str], ids: list[int]) -> None:
    assert [point.id for point in point_search.find(POINTS, SITE, search, tags)] == ids


def test_a_point_has_its_name_device_and_equipment() -> None:
    assert point_search.point_answer(POINTS[0], SITE) == {
        "point_name": "ses/home/8000:33-8033/analogInput/1",
        "display_name": "Supply air temperature",
        "unit": "degreesFahrenheit",
        "tags": ["ahu", "equip=AHU-1", "floor=2"],
        "interval_seconds": 60,
        "description": "Supply air temperature",
        "device": "Roof controller",
        "equipment": "AHU-1",
        "kind": "analog",
    }
    other = point_search.point_answer(POINTS[1], SITE)
    assert (other["display_name"], other["device"]) == ("Binary input 2, device 8033", None)
    assert other["equipment"] is None


def test_a_point_has_the_settings_of_people() -> None:
    states = {"Open": 1.0, "closed": 0.0}
    point = replace(POINTS[0], settings=PointSettings("counter", 1e6, states))
    answer = point_search.point_answer(point, SITE)
    assert (answer["kind"], answer["rollover"], answer["states"]) == ("counter", 1e6, states)
    assert point_search.point_answer(POINTS[0], SITE).keys() == answer.keys() - {"rollover", "states"}


def tagged(number: int, *tags: str, unit: str = "", device: str = "") -> Point:
    return Point(number, ListedPoint(f"p{number}", unit, tags=tags, device=device))


BUILDING = [
    tagged(0, "AHU", "equip=AHU-1", "floor=2", unit="degF", device="Roof"),
    tagged(1, "ahu", "equipRef=AHU-1", "floor=3", "unit=degF", unit="degF", device="Roof"),
    tagged(2, "floor", "equipment=ahu-2", unit="", device="Roof"),
    tagged(3, "equip=AHU-1", "equipRef=Roof unit 7", unit="%"),
    tagged(4, "x="),
    tagged(5, "equipRef=Plant", device="B"),
    tagged(6, "equipRef=Plant", device="C"),
    tagged(7, " roof ", "equip=Pump 1 ", unit="kPa "),
]


def test_each_tag_tells_how_many_points_it_finds() -> None:
    listed_tags = point_search.tags(BUILDING)
    for entry in listed_tags:
        assert entry["points"] == len(point_search.find(BUILDING, SITE, "", [entry["tag"]])), entry
    ranks = [(-entry["points"], entry["tag"].casefold()) for entry in listed_tags]
    assert ranks == sorted(ranks)
    names = [entry["tag"] for entry in listed_tags]
    # However a tag is spelled it is one, and the first point's spelling is shown.
    assert {"AHU", "unit=degF", "floor", "floor=2", "x=", "equip=Plant", "roof", "unit=kPa"} <= set(names)
    assert len({name.casefold() for name in names}) == len(names)


def test_the_list_of_tags_omits_the_rarest() -> None:
    many = [tagged(n, "common", f"serial={n}") for n in range(2 * point_search.MAX_TAGS)]
    listed_tags = point_search.tags(many)
    assert len(listed_tags) == point_search.MAX_TAGS
    assert listed_tags[0] == {"tag": "common", "points": 2 * point_search.MAX_TAGS}


def test_equipment_is_listed_by_name_with_its_device() -> None:
    assert point_search.equipment(BUILDING) == [
        {"equipment": "AHU-1", "device": "Roof", "points": 3},
        {"equipment": "Plant", "device": None, "points": 2},
        {"equipment": "Pump 1 ", "device": None, "points": 1},
        {"equipment": "ahu-2", "device": "Roof", "points": 1},
    ]
    assert point_search.equipment([tagged(0, "equip=")]) == []


@pytest.mark.parametrize("point", [*BUILDING[:4], BUILDING[7]], ids=lambda point: point.name)
def test_every_point_with_equipment_is_found_by_it(point: Point) -> None:
    equipment = point_search.point_answer(point, SITE)["equipment"]
    assert point in point_search.find(BUILDING, SITE, "", [f"equip={equipment}"])


_ODD = st.characters(categories=["Cc", "Cf", "Zs", "Mn", "Lm"])
NAME = st.text(st.characters(exclude_categories=["Cs"]) | _ODD, min_size=1, max_size=MAX_NAME)


def strewn(text: str) -> str:
    return "\u200b" + "\u2060".join(text) + "\ufe0f"


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "upper case": str.upper,
    "folded case": str.casefold,
    "with signs of no width": strewn,
    **{
        form: functools.partial(unicodedata.normalize, form)  # type: ignore[arg-type]
        for form in ("NFC", "NFD", "NFKC", "NFKD")
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_an_odd_name_is_found_in_every_form(form: str) -> None:
    for name in (
        "\0",
        ",",
        " ",
        "\u0301",
        "\u200b",
        "👩\u200d👩\u200d👧",
        "e\u0301\u0323",
        "\U0001f321" * MAX_NAME,
        "ᾳ\u0323",
        "Größe/Straße",
        "\u0130\u0131\u017fK",
        "ﬁ½㎏",
        "한글",
        "ΌΣΟΣ όσος",
    ):
        check_found(name, FORMS[form](name))


@given(NAME, st.sampled_from(sorted(FORMS)), st.sampled_from(sorted(FORMS)))
def test_a_name_is_found_in_every_form(name: str, form: str, other: str) -> None:
    check_found(name, FORMS[other](FORMS[form](name)))


def check_found(name: str, search: str) -> None:
    point = Point(0, ListedPoint(name, tags=(name,)))
    assert point_search.find([point], SITE, search, []) == [point]
    assert point_search.find([point], SITE, "", [search]) == [point]


def test_texts_that_differ_beyond_form_do_not_match() -> None:
    point = Point(0, ListedPoint("Größe ab", tags=("größe",)))
    for search in ("grosse", "größee", "ba"):
        assert point_search.find([point], SITE, search, []) == []
    assert point_search.find([point], SITE, "", ["grosse"]) == []
    assert point_search.find([point], SITE, "GRO\u0308SSE A\u00adB", ["Gro\u0308\u00dfe"]) == [point]


@given(NAME)
def test_a_name_for_people_can_be_seen(name: str) -> None:
    shown = display_name(name)
    assert any(sign.isprintable() and not sign.isspace() for sign in shown)
