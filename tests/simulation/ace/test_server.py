"""The product's client reads what the book says."""

import json
from collections.abc import Callable

import pytest
import requests

from tests.simulation.ace import weather
from tests.simulation.ace.client_world import SITE, World, accepted_of, truth
from tests.simulation.ace.deliveries import Delivery
from tests.simulation.ace.faults import USUAL, FaultRates
from tests.simulation.ace.server import Response
from tests.simulation.ace.session import session
from vitals.ace.client import WEATHER_POINTS
from vitals.errors import UpstreamRefusedError
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span


@pytest.mark.parametrize("hours", [0.25, 2, 24])
def test_client_reads_what_the_book_says(hours: float) -> None:
    world = World(1, FaultRates())
    span = Span(int(world.now_ms - hours * HOUR_MS), world.now_ms)
    samples = world.fetch(span)
    assert len(samples) > 100 * hours
    assert sorted(samples) == truth(world.site, span, world.now_ms)
    assert world.deliveries[-1].is_last
    assert world.deliveries[-1].span == span


def test_late_readings_are_read_later() -> None:
    world = World(1, FaultRates())
    span = Span(world.now_ms - HOUR_MS, world.now_ms)
    first = world.fetch(span)
    world.now_ms += 3 * DAY_MS
    second = world.fetch(span)
    assert sorted(second) == truth(world.site, span, world.now_ms)
    assert len(second) > len(first)


def test_weather_is_as_the_book_has_it() -> None:
    world = World(1, FaultRates())
    delivered = accepted_of(world.client.weather(SITE))
    assert weather.POINTS == WEATHER_POINTS
    assert world.deliveries[-1].is_weather
    assert world.deliveries[-1].readings == delivered
    assert {time_ms for _, time_ms, _ in delivered} == {world.now_ms}
    world.now_ms += 9 * MINUTE_MS
    assert accepted_of(world.client.weather(SITE)) == delivered
    world.now_ms += MINUTE_MS
    assert accepted_of(world.client.weather(SITE)) != delivered


def test_site_and_sites_are_listed() -> None:
    world = World(1, FaultRates())
    assert world.client.site(SITE)["name"] == SITE
    sites = json.loads(world.server.respond("/sites", {}, world.now_ms).body)
    assert [item["name"] for item in sites["items"]] == [SITE]
    with pytest.raises(UpstreamRefusedError):
        world.client.site("elsewhere")


def test_same_seed_gives_the_same_answers() -> None:
    first, second = (answers_of(World(10, USUAL)) for _ in range(2))
    assert first == second
    assert answers_of(World(11, USUAL)) != first


def answers_of(world: World) -> list[Response]:
    query = {"start_time": "2026-03-10T10:00:00Z", "end_time": "2026-03-10T10:20:00Z", "page_size": "100000"}
    endpoints = ("timeseries/paginated", "configured_points", "weather")
    return [
        world.server.respond(f"/sites/{SITE}/{endpoints[row % 3]}", query, world.now_ms) for row in range(150)
    ]


def test_lost_answers_deliver_nothing() -> None:
    """The call has its effect upstream, and its answer is lost."""

    def lose(kind: str, effect: Callable[[], Response]) -> Response:
        kinds.append(kind)
        assert effect().delivery is not None
        raise requests.ConnectionError("lost")

    kinds: list[str] = []
    world = World(12, FaultRates())
    deliveries: list[Delivery] = []
    lossy = session(world.server, lambda: world.now_ms, call=lose, on_served=deliveries.append)
    query = {"start_time": "2026-03-10T10:00:00Z", "end_time": "2026-03-10T10:20:00Z"}
    with pytest.raises(requests.ConnectionError):
        lossy.get(f"https://ace.invalid/api/sites/{SITE}/timeseries/paginated", params=query, timeout=5)
    assert kinds == ["ace:timeseries"]
    assert deliveries == []


def test_incomplete_bodies_raise_as_from_a_socket() -> None:
    world = World(13, FaultRates(incomplete=1.0))
    broken = session(world.server, lambda: world.now_ms)
    with (
        broken.get(f"https://ace.invalid/api/sites/{SITE}", stream=True, timeout=5) as response,
        pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"),
    ):
        assert response.content
