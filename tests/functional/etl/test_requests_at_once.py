"""A sync waits for several answers of the upstream at the same time, and fails as if it waited for each."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.ace_simulator.faults import Faults
from tests.support.sites import SITE
from tests.support.syncing import assert_exact, but, checkpoint, impatient
from tests.support.world import World
from vitals.ace.client import AceClient
from vitals.ace.pacing import Pace, PriorityPace
from vitals.ace.page_size import LARGEST
from vitals.errors import UpstreamUnavailableError
from vitals.model.timespan import HOUR_MS, Span, floor_window
from vitals.pipeline.ingest import Tally

LIMIT_S = 10


def connected(world: World, client: type[AceClient], **changes: Any) -> World:
    """The world with another client of its upstream."""
    ace = client(world.simulator.url, world.simulator.settings.api_key, Pace(60_000, burst=1_000), **changes)
    return but(world, ace=ace)


def weather_samples(world: World) -> int:
    weather = world.syncer.catalogs.load(SITE).by_name["weather.temperature"]
    span = Span(world.clock() - 24 * HOUR_MS, world.clock())
    return len(world.syncer.ingest.hot.read(SITE, [weather.id], span, world.clock()))


def last_hour(world: World) -> Span:
    end = floor_window(world.clock())
    return Span(end - HOUR_MS, end)


def test_weather_is_requested_while_readings_are(world: World) -> None:
    world.sync()
    world.clock.forward(20)
    together = threading.Barrier(2)

    class Meeting(AceClient):
        def weather(self, site: str) -> Any:
            together.wait(LIMIT_S)
            return super().weather(site)

        def pages(self, *query: Any) -> Any:
            together.wait(LIMIT_S)
            yield from super().pages(*query)

    before = weather_samples(world)
    receipt = connected(world, Meeting).sync()
    assert receipt.caught_up
    assert not receipt.isolated_failures
    assert weather_samples(world) == before + 1
    assert_exact(world)


def test_readings_do_not_wait_for_weather(world: World) -> None:
    world.sync()
    world.clock.forward(20)
    read = threading.Event()

    class Late(AceClient):
        def weather(self, site: str) -> Any:
            assert read.wait(LIMIT_S)
            return super().weather(site)

        def pages(self, *query: Any) -> Any:
            yield from super().pages(*query)
            read.set()

    before = weather_samples(world)
    connected(world, Late).sync()
    assert weather_samples(world) == before + 1


def test_failed_readings_fail_a_sync_with_weather(world: World) -> None:
    world.sync()
    world.clock.forward(20)
    before, samples = checkpoint(world), weather_samples(world)
    done = threading.Event()

    class Broken(AceClient):
        def weather(self, site: str) -> Any:
            readings = super().weather(site)
            done.set()
            return readings

        def pages(self, *_: Any) -> Any:
            raise UpstreamUnavailableError("no readings today")

    with pytest.raises(UpstreamUnavailableError, match="no readings today"):
        connected(world, Broken).sync()
    assert done.is_set()
    assert (checkpoint(world), weather_samples(world)) == (before, samples)
    assert world.syncer.circuits.load().failures == 1
    assert world.journal.warnings == []


def test_both_failures_count_as_one(world: World) -> None:
    world.sync()
    world.clock.forward(20)
    world.simulator.faults = Faults(status=503)
    with pytest.raises(UpstreamUnavailableError, match="timeseries"):
        but(world, ace=impatient(world)).sync()
    assert world.syncer.circuits.load().failures == 1
    assert world.journal.warnings == []


# The 40 points have a little more than 2,400 readings an hour.
A_THIRD = 1_000


def test_pages_of_an_hour_are_requested_at_once(world: World) -> None:
    world.sync()
    span, together = last_hour(world), threading.Barrier(3)

    class Meeting(AceClient):
        def pages(self, *query: Any) -> Any:
            together.wait(LIMIT_S)
            yield from super().pages(*query)

    serial, parallel = world.reread(span).tally, Tally()
    syncer = connected(world, Meeting, page_size=A_THIRD).syncer
    syncer.ingest.fetch(SITE, syncer.catalogs.load(SITE), span, parallel)
    assert (parallel.fetched, parallel.rejected) == (serial.fetched, serial.rejected)
    assert parallel.blocks == 0
    assert_exact(world)


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_pages_before_a_failed_one_are_stored(world: World, failing: int) -> None:
    world.sync()
    world.clock.forward(60)
    span = last_hour(world)

    class Broken(AceClient):
        def pages(self, site: str, part: Span, *how: Any) -> Any:
            number = (part.start_ms - span.start_ms) * 3 // HOUR_MS
            if number == failing:
                raise UpstreamUnavailableError("no page")
            yield from super().pages(site, part, *how)

    before = checkpoint(world)
    with pytest.raises(UpstreamUnavailableError, match="no page"):
        connected(world, Broken, page_size=A_THIRD).reread(span)
    stored = {time_ms for _, time_ms in world.stored(span)}
    third = HOUR_MS // 3
    assert {(time_ms - span.start_ms) // third for time_ms in stored} == set(range(failing))
    assert checkpoint(world) == before
    world.sync()
    assert_exact(world)


def test_live_pages_leave_rereads_large_ones(world: World) -> None:
    world.sync()
    assert world.syncer.ingest.ace.page_size == LARGEST
    # 24 hours of 40 points are one page, so one message.
    world.sent.clear()
    world.clock.forward(7 * 60)
    world.sync()
    full = [message for message in world.sent if "start" in message]
    assert len(full) == 1


class Charged:
    """The pace of others, which counts its slots that go to the sync."""

    def __init__(self) -> None:
        self.slots = 0

    def charge(self, requests: int = 1) -> None:
        self.slots += requests


@pytest.mark.parametrize("page_size", [100_000, 500, A_THIRD])
@pytest.mark.parametrize("minutes", [5, 180])
def test_each_request_takes_one_slot(world: World, page_size: int, minutes: int) -> None:
    world.sync()
    world.clock.forward(minutes)
    charged: Any = Charged()
    pace = PriorityPace(Pace(60_000, burst=1_000), charged)
    url, key = world.simulator.url, world.simulator.settings.api_key
    ace = AceClient(url, key, pace, page_size=page_size)
    but(world, ace=ace, catalog_every_ms=24 * HOUR_MS).sync(max_steps=1)
    assert charged.slots == ace.requests


def test_syncs_at_once_share_pools_without_trace(world: World) -> None:
    world.simulator.faults = Faults(shuffle=1, duplicate=0.1)
    small = but(world, ace=impatient(world, page_size=A_THIRD))
    with ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(small.sync) for _ in range(3)]:
            future.result()
    world.sync()
    assert_exact(world)
