"""The endpoints of the simulated API: requests, listings, cursors."""

import json
from collections import Counter
from itertools import pairwise
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from local.ace_simulator.buildings.readings import microseconds
from local.ace_simulator.faults import Faults
from local.ace_simulator.simulator import Simulator
from tests.support.ace_simulator import (
    BEARER,
    MINUTE,
    NOON,
    SERIES,
    SITE,
    Clock,
    ask,
    fetched,
    iso,
    iso_s,
    pages,
    samples,
    simulator,
    truth,
    window,
)


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/api/sites/nowhere", {}, 404),
        ("/api/sites/nowhere/configured_points", {}, 404),
        ("/api/nothing", {}, 404),
        ("/control/nothing", {}, 404),
        (f"/api/sites/{SITE}/configured_points", {"per_page": 101}, 422),
        (f"/api/sites/{SITE}/configured_points", {"per_page": 0}, 422),
        ("/api/sites", {"page": "one"}, 422),
        (SERIES, window(page_size=200), 422),
        (SERIES, window(raw_data="maybe"), 422),
        (SERIES, window(start_time="yesterday"), 422),
        (SERIES, window(end_time=iso(NOON - 99 * MINUTE)), 422),
        (SERIES, {"page_size": 100}, 422),
        (SERIES, window(cursor="abc"), 422),
    ],
)
def test_invalid_requests_are_refused(path: str, query: dict[str, Any], status: int) -> None:
    response = ask(simulator(), path, **query)
    assert response.status == status
    assert json.loads(response.body)["error"]


def test_a_wrong_key_is_refused() -> None:
    served = simulator(sites=("old.site-1",), api_key="another")
    assert served.respond("GET", "/api/sites", "Bearer simulator-key").status == 401
    assert served.respond("GET", "/api/sites").status == 401
    assert served.respond("GET", "/api/sites/old%2Esite%2D1", "Bearer another").status == 200


def test_a_cursor_belongs_to_its_request() -> None:
    served = simulator()
    cursor = fetched(served, SERIES, **window())["next_cursor"]
    assert ask(served, SERIES, **window(minutes=10, cursor=cursor)).status == 422


def test_a_last_page_ends_in_three_ways() -> None:
    served = simulator(points=1)
    ends = [fetched(served, SERIES, **window(1)).get("next_cursor", "missing") for _ in range(40)]
    assert set(ends) == {None, "", "missing"}


def test_only_configured_points_are_listed() -> None:
    served = simulator()
    listed = [
        item
        for page in (1, 2, 3)
        for item in fetched(served, f"/api/sites/{SITE}/configured_points", page=page, per_page=20)["items"]
    ]
    names = {item["name"] for item in listed}
    assert len(names) == len(listed) == 48
    assert len({name for name, _, _ in truth(served)} - names) == 3
    assert fetched(served, "/api/points", per_page=500)["total"] == 51


def test_one_point_is_found_by_its_encoded_name() -> None:
    served = simulator()
    name = next(p["name"] for p in fetched(served, "/api/points", per_page=500)["items"] if "#" in p["name"])
    path = f"/api/points/{quote(name, safe='')}"
    assert fetched(served, path)["name"] == name
    query = window()
    assert {s["name"] for s in fetched(served, f"{path}/timeseries", **query)["point_samples"]} == {name}
    body = json.dumps({"points": [name]}).encode()
    several = served.respond("POST", f"/api/points/get_timeseries?{urlencode(query)}", BEARER, body)
    assert {s["name"] for s in json.loads(several.body)["point_samples"]} == {name}


def test_the_weather_changes_every_ten_minutes() -> None:
    clock = Clock()
    served = simulator(clock)
    path = f"/api/sites/{SITE}/weather"
    first = fetched(served, path)
    clock.now_ms += 9 * MINUTE
    assert fetched(served, path) == first
    clock.now_ms += 2 * MINUTE
    assert fetched(served, path) != first
    assert {v["time"] for v in first.values() if v} == {iso_s(NOON)}


def test_duplicates_are_on_one_page_and_two() -> None:
    served = simulator(faults=Faults(duplicate=0.2))
    read = [
        [(s["name"], microseconds(s["time"]) // 1_000, s["value"]) for s in page["point_samples"]]
        for page in pages(served, window())
    ]
    assert set().union(*read) == set(truth(served))
    assert all(len(page) <= 100 for page in read)
    assert any(len(set(page)) < len(page) for page in read)
    assert any(set(page) & set(after) for page, after in pairwise(read))


def test_empty_pages_have_a_next_page() -> None:
    served = simulator(faults=Faults(empty=0.5))
    read = list(pages(served, window()))
    assert any(not page["point_samples"] and page["has_more"] for page in read)
    cursors = [page["next_cursor"] for page in read[:-1]]
    assert len(set(cursors)) == len(cursors)
    assert Counter(samples(served, window())) == truth(served)


def test_a_cursor_is_repeated_on_request() -> None:
    served = simulator(faults=Faults(repeat_cursor=1))
    cursor = fetched(served, SERIES, **window())["next_cursor"]
    second = fetched(served, SERIES, **window(cursor=cursor))
    assert (second["next_cursor"], second["has_more"]) == (cursor, True)


def listed_names(served: Simulator, per_page: int) -> tuple[list[str], set[int]]:
    """Returns the names in one run of pages, and the totals of its pages."""
    names: list[str] = []
    totals: set[int] = set()
    for page in range(1, 100):
        answer = fetched(served, f"/api/sites/{SITE}/configured_points", page=page, per_page=per_page)
        names += [item["name"] for item in answer["items"]]
        totals.add(answer["total"])
        if page >= answer["pages"]:
            return names, totals
    raise AssertionError("the listing does not end")


@pytest.mark.parametrize("per_page", [48, 100])
def test_a_listing_of_one_page_does_not_shift(per_page: int) -> None:
    served = simulator(points=48, faults=Faults(listing_shift=1))
    names, totals = listed_names(served, per_page)
    assert (len(names), totals, served.fault_counts()) == (48, {48}, {})


@pytest.mark.parametrize("per_page", [7, 20])
def test_a_shifted_listing_lacks_one_point(per_page: int) -> None:
    served = simulator(points=48)
    whole, _ = listed_names(served, 100)
    before = samples(served, window(1))
    served.faults = Faults(listing_shift=1)
    lost = set()
    for _ in range(10):
        names, totals = listed_names(served, per_page)
        [missing] = set(whole) - set(names)
        assert whole.index(missing) % per_page == 0
        assert totals == {48, 47}
        lost.add(missing)
    # In ten runs of pages, more than one of the boundaries is hit.
    assert len(lost) > 1
    assert served.fault_counts()["listing_shift"] >= 10
    assert samples(served, window(1)) == before
    served.faults = Faults()
    assert listed_names(served, per_page) == (whole, {48})
