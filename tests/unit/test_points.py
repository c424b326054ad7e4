"""Finding points by words and tags."""

import pytest

from query import points
from vitals.catalog import Listed, Point

SITE = "home"
POINTS = [
    Point(
        0,
        Listed(
            "ses/home/8000:33-8033/analogInput/1",
            "degreesFahrenheit",
            "Supply air temperature",
            60,
            ("ahu", "equip=AHU-1", "floor=2"),
            "AHU1_SAT",
            "Roof controller",
        ),
    ),
    Point(1, Listed("ses/home/8000:33-8033/binaryInput/2", tags=("ahu", "fan", "floor=3"))),
    Point(2, Listed("weather.wet_bulb", "degF", tags=("weather", "x="))),
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
    assert [point.id for point in points.find(POINTS, SITE, search, tags)] == ids


def test_a_point_tells_its_name_and_where_it_belongs() -> None:
    assert points.told(POINTS[0], SITE) == {
        "point_name": "ses/home/8000:33-8033/analogInput/1",
        "display_name": "Supply air temperature",
        "unit": "degreesFahrenheit",
        "tags": ["ahu", "equip=AHU-1", "floor=2"],
        "interval_seconds": 60,
        "description": "Supply air temperature",
        "device": "Roof controller",
        "equipment": "AHU-1",
    }
    other = points.told(POINTS[1], SITE)
    assert (other["display_name"], other["device"]) == ("Binary input 2, device 8033", None)
    assert other["equipment"] is None
