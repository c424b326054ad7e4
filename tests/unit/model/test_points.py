import random
from dataclasses import replace

import orjson
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from vitals.ace.points import listed_from_ace
from vitals.errors import NotFoundError
from vitals.model import point_set
from vitals.model.point_settings import PointSettings
from vitals.model.points import Catalog, ListedPoint, Point
from vitals.store.state.catalog import _decode, _encode, _encode_settings

names = st.sets(st.text(min_size=1, max_size=8), max_size=30)


listings = st.lists(st.tuples(names, st.booleans()), max_size=8)


@given(listings)
def test_an_id_is_given_once_and_kept(listings: list[tuple[set[str], bool]]) -> None:
    catalog, seen = Catalog(), {}
    for listing, proves in listings:
        catalog = catalog.refreshed(map(ListedPoint, listing), proves_absence=proves)
        assert [p.id for p in catalog.points] == list(range(len(catalog.points)))
        for point in catalog.points:
            assert seen.setdefault(point.name, point.id) == point.id


@given(listings)
def test_two_proven_absences_in_a_row_deactivate_points(
    listings: list[tuple[set[str], bool]],
) -> None:
    catalog = Catalog()
    for count, (listing, proves) in enumerate(listings, 1):
        catalog = catalog.refreshed(map(ListedPoint, listing), proves_absence=proves)
        for point in catalog.points:
            last = max(number for number in range(count) if point.name in listings[number][0])
            absences = sum(proof for _, proof in listings[last + 1 : count])
            assert point.active == (absences < 2)
        assert set(catalog.active_ids) >= listing


@given(listings, names)
def test_inactive_points_get_the_next_ids(listings: list[tuple[set[str], bool]], old: set[str]) -> None:
    catalog = Catalog()
    for listing, proves in listings:
        catalog = catalog.refreshed(map(ListedPoint, listing), proves_absence=proves)
    after, count = catalog.with_inactive(old), len(catalog.points)
    assert after.points[:count] == catalog.points
    assert [point.id for point in after.points] == list(range(len(after.points)))
    assert {point.name for point in after.points[count:]} == old - catalog.by_name.keys()
    assert after.active_ids == catalog.active_ids
    assert after.with_inactive(old) == after


def test_a_restored_point_that_returns_is_unread() -> None:
    weather = ListedPoint("weather.x", tags=("weather",))
    restored = Catalog().with_inactive({"a", "b", "weather.x"})
    assert unread(restored) == {}
    back = restored.refreshed([*listed("a"), weather], unread_from_ms=7)
    assert back.active_ids.keys() == {"a", "weather.x"}
    # The upstream has no history of the weather.
    assert unread(back) == {"a": 7}


def test_two_listings_at_once_are_one_absence() -> None:
    before = Catalog().refreshed([ListedPoint("a"), ListedPoint("b")])
    after = before
    for _ in range(2):
        after = after.refreshed([ListedPoint("a")], since=before)
    assert after.active_ids.keys() == {"a", "b"}
    assert after.refreshed([ListedPoint("a")], since=after).active_ids.keys() == {"a"}
    other = after.refreshed([ListedPoint("a"), ListedPoint("b"), ListedPoint("c")], since=after)
    assert other.refreshed([ListedPoint("a"), ListedPoint("b")], since=after).points == other.points


def unread(catalog: Catalog) -> dict[str, int]:
    return {point.name: point.unread_from_ms for point in catalog.points if point.unread_from_ms is not None}


def listed(names: str) -> list[ListedPoint]:
    return [ListedPoint(name) for name in names]


def test_points_that_become_active_are_unread() -> None:
    first = Catalog().refreshed(listed("ab"), unread_from_ms=5)
    assert unread(first) == {}
    with_new = first.refreshed(
        [*listed("abc"), ListedPoint("weather.x", tags=("weather",))], unread_from_ms=7
    )
    assert unread(with_new) == {"c": 7}
    assert with_new.unread_from_ms == 7
    later = with_new.refreshed(listed("abcd"), unread_from_ms=9)
    assert unread(later) == {"c": 7, "d": 9}
    gone = later.refreshed(listed("abd")).refreshed(listed("abd"))
    assert gone.unread_from_ms == 9
    back = gone.refreshed(listed("abcd"), unread_from_ms=20)
    assert unread(back) == {"c": 6, "d": 9}


def test_only_requested_samples_are_read() -> None:
    read = Catalog().refreshed(listed("a")).refreshed(listed("abc"), unread_from_ms=7)
    meanwhile = read.refreshed(listed("abcd"), unread_from_ms=5)
    assert unread(meanwhile.requested(read, 10)) == {"b": 10, "c": 10, "d": 5}
    assert unread(meanwhile.requested(read, 6)) == {"b": 7, "c": 7, "d": 5}
    assert unread(meanwhile.requested(read, None)) == {"d": 5}
    assert unread(meanwhile.requested(read, 10).requested(read, None)) == {"b": 10, "c": 10, "d": 5}


def test_a_returned_point_is_unread_again() -> None:
    read = Catalog().refreshed(listed("a")).refreshed(listed("ab"), unread_from_ms=7)
    gone = read.refreshed(listed("a")).refreshed(listed("a"))
    back = gone.refreshed(listed("ab"), unread_from_ms=7)
    assert unread(back.requested(read, None)) == {"b": 6}
    assert unread(back.requested(gone, None)) == {"b": 6}


@given(listings)
def test_a_catalog_survives_storing(listings: list[tuple[set[str], bool]]) -> None:
    catalog = Catalog()
    for number, (listing, proves) in enumerate(listings):
        catalog = catalog.refreshed(
            map(ListedPoint, listing), proves_absence=proves, unread_from_ms=number - 1
        )
    for point in catalog.points[::3]:
        states = {"Heat": 1.5} if point.id % 2 else None
        catalog = catalog.with_settings({point.name: {"rollover": point.id + 1, "states": states}})
    assert tuple(_decode(_encode(catalog.points), _encode_settings(catalog.points))) == catalog.points


@given(st.lists(st.one_of(st.none(), st.integers(1, 90_000)), min_size=1))
def test_the_longest_interval_survives_listings(intervals: list[int | None]) -> None:
    catalog = Catalog()
    for interval_s in intervals:
        catalog = catalog.refreshed([ListedPoint("a", interval_s=interval_s)])
        catalog = Catalog(_decode(_encode(catalog.points)))
    [point] = catalog.points
    longest_s = max((interval_s for interval_s in intervals if interval_s), default=None)
    assert (point.longest_interval_s or point.listed.interval_s) == longest_s
    assert (point.longest_interval_s is None) == (longest_s == intervals[-1])


def test_older_rows_have_no_absences_and_stay_readable() -> None:
    listed = Catalog().refreshed([ListedPoint("a"), ListedPoint("b")])
    rows = orjson.loads(zstandard.decompress(_encode(listed.points)))
    assert [set(row) for row in rows] == [{"id", "listed", "active"}] * 2
    for row in rows:
        del row["listed"]["object_type"], row["listed"]["point_type"]
    assert tuple(_decode(zstandard.compress(orjson.dumps(rows)))) == listed.points


def test_new_ids_follow_the_names() -> None:
    catalog = Catalog().refreshed([ListedPoint("b"), ListedPoint("c")])
    for _ in range(2):
        catalog = catalog.refreshed([ListedPoint("b"), ListedPoint("d"), ListedPoint("a")])
    assert [(p.name, p.id, p.active) for p in catalog.points] == [
        ("b", 0, True),
        ("c", 1, False),
        ("a", 2, True),
        ("d", 3, True),
    ]


def test_weather_is_in_no_claimed_read() -> None:
    catalog = Catalog().refreshed(
        [ListedPoint("a"), ListedPoint("weather.temperature", tags=("weather",)), ListedPoint("weather.vane")]
    )
    assert catalog.configured == point_set.from_ids([0, 2])


def test_active_points_come_in_name_order() -> None:
    catalog = Catalog().refreshed([ListedPoint("b"), ListedPoint("c")])
    for _ in range(2):
        catalog = catalog.refreshed([ListedPoint("a"), ListedPoint("c")])
    assert [point.name for point in catalog.active] == ["a", "c"]


def test_ace_points_may_lack_everything_but_a_name() -> None:
    assert listed_from_ace({"name": "p", "bacnet_data": None, "kv_tags": None}) == ListedPoint("p")
    odd = {"name": "p", "bacnet_data": "x", "kv_tags": ["a"], "marker_tags": 5, "collect_interval": 1e300}
    assert listed_from_ace(odd) == ListedPoint("p")
    full = listed_from_ace(
        {
            "name": "p",
            "point_type": "bacnet",
            "bacnet_data": {
                "object_type": "analogInput",
                "object_units": "degF",
                "object_description": "Zone",
                "object_name": "ZN-T",
                "device_name": "VAV-3",
            },
            "kv_tags": {"floor": "2"},
            "marker_tags": ["ahu"],
            "collect_interval": 300,
        }
    )
    assert full == ListedPoint(
        "p", "degF", "Zone", 300, ("ahu", "floor=2"), "ZN-T", "VAV-3", "analogInput", "bacnet"
    )


@pytest.mark.parametrize(
    ("value", "stored"),
    [(None, ""), (0, "0"), ("multi-state-value", "multi-state-value"), ([1], ""), ("x" * 99, "x" * 64)],
)
def test_types_are_short_texts(value: object, stored: str) -> None:
    point = listed_from_ace({"name": "p", "bacnet_data": {"object_type": value}, "point_type": value})
    assert (point.object_type, point.point_type) == (stored, stored)


def test_settings_survive_listings_and_inactivity() -> None:
    catalog = Catalog().refreshed([ListedPoint("a", "kWh"), ListedPoint("b", "kWh")])
    assert [point.kind for point in catalog.points] == ["counter", "counter"]
    catalog = catalog.with_settings({"a": {"kind": "analog", "rollover": 100}})
    for listing in ("b", "b", "ab"):
        catalog = catalog.refreshed([ListedPoint(name, "kWh", "other") for name in listing])
        assert [point.kind for point in catalog.points] == ["analog", "counter"]
        assert catalog.points[0].settings == PointSettings("analog", 100)
    assert catalog.with_settings({"a": {"kind": None}}).points[0].kind == "counter"


def test_settings_of_unknown_points_are_refused() -> None:
    catalog = Catalog().refreshed([ListedPoint("a")])
    with pytest.raises(NotFoundError, match="the site has no point 'x'"):
        catalog.with_settings({"a": {"kind": "binary"}, "x": {"kind": "binary"}})


def test_facts_of_a_point_never_fill_its_item() -> None:
    huge = random.Random(1).randbytes(600_000).hex()
    point = listed_from_ace(
        {
            "name": "p",
            "bacnet_data": dict.fromkeys(
                ("object_units", "object_description", "object_name", "device_name"), huge
            ),
            "kv_tags": {huge[n : n + 5_000]: huge for n in range(0, 600_000, 5_000)},
            "marker_tags": [huge[n:] for n in range(500)],
        }
    )
    assert point.description == huge[:1_000]
    assert len(_encode([Point(n, replace(point, name=f"p{n}")) for n in range(10)])) < 100_000


def test_points_are_selected_by_name_once_each() -> None:
    catalog = Catalog().refreshed(map(ListedPoint, "abc"))
    assert [point.name for point in catalog.select(["c", "a", "c"])] == ["c", "a"]
    assert catalog.select([]) == []
    assert [point.name for point in catalog.select(["x", "b"], allow_unknown=True)] == ["b"]


@pytest.mark.parametrize(
    ("names", "allow_unknown", "text"),
    [
        (["a", "x"], False, "the site has no point 'x'"),
        (["x", "y", "z", "v", "w"], True, "the site has no point 'x', 'y', 'z' and 2 more"),
    ],
)
def test_unknown_points_are_refused_by_name(names: list[str], allow_unknown: bool, text: str) -> None:
    catalog = Catalog().refreshed([ListedPoint("a")])
    with pytest.raises(NotFoundError) as refusal:
        catalog.select(names, allow_unknown=allow_unknown)
    assert str(refusal.value) == text
