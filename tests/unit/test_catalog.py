from hypothesis import given
from hypothesis import strategies as st

from vitals.catalog import Catalog, Listed, listed_from_ace

names = st.sets(st.text(min_size=1, max_size=8), max_size=30)


@given(st.lists(names, max_size=5))
def test_an_id_is_given_once_and_kept(listings: list[set[str]]) -> None:
    catalog, seen = Catalog(), {}
    for listing in listings:
        catalog = catalog.refreshed(Listed(name) for name in listing)
        assert {p.name for p in catalog.points if p.active} == listing
        assert [p.id for p in catalog.points] == list(range(len(catalog.points)))
        for point in catalog.points:
            assert seen.setdefault(point.name, point.id) == point.id


def test_new_ids_follow_the_names() -> None:
    catalog = (
        Catalog().refreshed([Listed("b"), Listed("c")]).refreshed([Listed("b"), Listed("d"), Listed("a")])
    )
    assert [(p.name, p.id, p.active) for p in catalog.points] == [
        ("b", 0, True),
        ("c", 1, False),
        ("a", 2, True),
        ("d", 3, True),
    ]


def test_names_too_long_are_left_out() -> None:
    assert Catalog().refreshed([Listed("x" * 513), Listed("")]).points == ()


def test_active_points_come_in_name_order() -> None:
    catalog = Catalog().refreshed([Listed("b"), Listed("c")]).refreshed([Listed("a"), Listed("c")])
    assert [point.name for point in catalog.active] == ["a", "c"]


def test_ace_points_may_lack_everything_but_a_name() -> None:
    assert listed_from_ace({"name": "p", "bacnet_data": None, "kv_tags": None}) == Listed("p")
    odd = {"name": "p", "bacnet_data": "x", "kv_tags": ["a"], "marker_tags": 5, "collect_interval": 1e300}
    assert listed_from_ace(odd) == Listed("p")
    full = listed_from_ace(
        {
            "name": "p",
            "bacnet_data": {
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
    assert full == Listed("p", "degF", "Zone", 300, ("ahu", "floor=2"), "ZN-T", "VAV-3")
