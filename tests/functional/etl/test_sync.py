"""The sync against the simulator: what ACE served is what the store holds, whatever fails in between."""

import dataclasses
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from urllib3.util.retry import Retry

from local.ace_simulator.faults import Faults
from operations.oracle import milliseconds
from tests.support.kill import Killed, Killer, Moment, at_steps, killed_at
from tests.support.sites import SITE
from tests.support.syncing import assert_exact, but, checkpoint, impatient
from tests.support.world import World
from vitals.ace.client import AceClient
from vitals.ace.listing import Listing
from vitals.ace.pacing import Pace
from vitals.aws.runtime import Runtime
from vitals.errors import (
    CircuitOpenError,
    UpstreamCursorError,
    UpstreamRefusedError,
    UpstreamUnavailableError,
)
from vitals.model.timespan import DAY_MS, HOUR_MS, WINDOW_MS, Span, floor_window
from vitals.pipeline.page_spans import PagePlan
from vitals.store.tiers.hot import HotTier

EVERY_FAULT = Faults(
    server_error=0.1,
    rate_limited=0.05,
    truncate=0.1,
    garbage=0.05,
    duplicate=0.1,
    shuffle=1,
    empty=0.1,
    late=0.1,
    late_minutes=10,
)


def test_a_new_site_starts_at_the_lookback(world: World) -> None:
    receipt = world.sync()
    assert receipt.caught_up
    assert checkpoint(world) == floor_window(world.clock())
    assert receipt.tally.fetched == receipt.tally.accepted + receipt.tally.rejected.total()
    assert {"null", "not_a_number", "not_configured"} & set(receipt.tally.rejected)
    assert_exact(world)
    weather = world.syncer.catalogs.load(SITE).by_name["weather.temperature"]
    week = Span(world.clock() - 7 * DAY_MS, world.clock())
    assert len(world.syncer.ingest.hot.read(SITE, [weather.id], week, world.clock())) == 1


def test_the_site_record_counts_rejected_readings(world: World) -> None:
    for minutes in (0, 5):
        world.clock.forward(minutes)
        world.sync()
        record = world.syncer.sites.load(SITE)
        assert record and record.rejected_from_ms and record.checkpoint_ms == floor_window(world.clock())
        # A step begins a little before where the one before it ended.
        assert 15 * 60_000 <= record.checkpoint_ms - record.rejected_from_ms <= HOUR_MS + 15 * 60_000
        again = world.reread(Span(record.rejected_from_ms, record.checkpoint_ms))
        assert record.rejected == again.tally.rejected != {}


def test_syncs_repeat_and_overlap_without_a_trace(world: World) -> None:
    world.sync()
    blocks = world.sync().tally.blocks
    assert blocks == 0
    for _ in range(3):
        world.clock.forward(5)
        world.sync()
        world.drain()
    assert_exact(world)


def test_every_fault_at_once_delays_and_loses_nothing(world: World) -> None:
    world.simulator.faults = EVERY_FAULT
    for _ in range(12):
        world.clock.forward(5)
        try:
            world.sync(4)
        except UpstreamUnavailableError:
            continue
    for _ in range(20):
        try:
            if world.sync().caught_up:
                break
        except UpstreamUnavailableError:
            world.clock.forward(5)
    statuses = {int(status) for counted in world.simulator.stats().values() for status in counted}
    assert {200, 429, 500} <= statuses
    assert_exact(world, 1.5)


def test_samples_hours_late_arrive_with_the_hourly_reread(make_world: Callable[..., World]) -> None:
    world = make_world(initial_lookback_ms=8 * HOUR_MS)
    world.simulator.faults = Faults(late=0.3, late_minutes=110)
    world.sync()
    world.drain()
    for _ in range(5):
        world.clock.forward(30)
        world.sync()
        world.drain()
    world.clock.forward(60)
    world.sync()
    world.drain()
    assert_exact(world, 2)


def test_a_silent_gateway_is_read_again(make_world: Callable[..., World]) -> None:
    world = make_world(initial_lookback_ms=12 * HOUR_MS)
    silent = Span(floor_window(world.clock()) - 6 * HOUR_MS, floor_window(world.clock()) - 4 * HOUR_MS)

    class Deaf(AceClient):
        def pages(self, site: str, span: Span, accept: Any, *size: Any) -> Any:
            def heard(page: Any) -> Any:
                return accept(
                    [r for r in page if not silent.start_ms <= (milliseconds(r["time"]) or 0) < silent.end_ms]
                )

            return super().pages(site, span, heard, *size)

    ace = Deaf(world.simulator.url, world.simulator.settings.api_key, Pace(60_000, burst=1_000))
    deaf = but(world, ace=ace)
    deaf.sync()
    assert world.stored(silent) == {}
    world.sent.clear()
    world.clock.forward(61)
    world.sync()
    assert world.sent[0]["start"] < world.sent[-1]["start"]
    world.drain()
    assert_exact(world, 12)


def test_a_small_late_gateway_is_read_again(make_world: Callable[..., World]) -> None:
    world = make_world(initial_lookback_ms=12 * HOUR_MS)
    end = floor_window(world.clock())
    silent = Span(end - 6 * HOUR_MS, end - 4 * HOUR_MS)

    class HalfDeaf(AceClient):
        def pages(self, site: str, span: Span, accept: Any, *size: Any) -> Any:
            def heard(page: Any) -> Any:
                return accept(
                    [
                        r
                        for r in page
                        if not (
                            silent.start_ms <= (milliseconds(r["time"]) or 0) < silent.end_ms
                            and "analogInput" in r["name"]
                        )
                    ]
                )

            return super().pages(site, span, heard, *size)

    ace = HalfDeaf(world.simulator.url, world.simulator.settings.api_key, Pace(60_000, burst=1_000))
    but(world, ace=ace).sync()
    assert world.stored(silent) != world.truth(silent)
    world.sent.clear()
    for _ in range(7):
        world.clock.forward(61)
        world.sync()
        world.drain()
    assert world.stored(silent) == world.truth(silent)


def test_a_failing_listing_loses_no_new_point(world: World) -> None:
    class Forgetful(AceClient):
        def configured_points(self, site: str) -> Any:
            listing = super().configured_points(site)
            items = tuple(item for item in listing.items if item["id"] % 7)
            return dataclasses.replace(listing, items=items)

    class Unlisted(AceClient):
        def configured_points(self, site: str) -> Any:
            raise UpstreamUnavailableError("no points today")

    ace = (world.simulator.url, world.simulator.settings.api_key, Pace(60_000, burst=1_000))
    but(world, ace=Forgetful(*ace)).sync()
    for _ in range(5):
        world.clock.forward(61)
        but(world, ace=Unlisted(*ace)).sync()
        world.drain()
    world.clock.forward(61)
    world.sync()
    world.drain()
    assert_exact(world, 5)


def test_an_empty_listing_deactivates_no_point(world: World) -> None:
    world.sync()

    class Empty(AceClient):
        def configured_points(self, site: str) -> Any:
            return Listing()

    world.clock.forward(65)
    ace = Empty(world.simulator.url, world.simulator.settings.api_key, Pace(60_000, burst=1_000))
    assert but(world, ace=ace).sync().isolated_failures == {"catalog": 1}
    assert_exact(world)


def test_a_hanging_upstream_ends_the_sync_in_time(world: World) -> None:
    remaining = iter([100.0, 50.0, 0.0])
    ace = AceClient(world.simulator.url, "key", Pace(60_000), remaining_s=lambda: next(remaining, 0.0))
    world.simulator.faults = Faults(status=503)
    with pytest.raises(UpstreamUnavailableError, match=r"no time left|too long to wait"):
        ace.site(SITE)


def test_two_flushes_of_one_window_are_counted_together(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vitals.pipeline.ingest.FLUSH_SAMPLES", 1)
    but(world, ace=impatient(world, page_size=100)).sync()
    end = floor_window(world.clock())
    hour = Span(end - HOUR_MS, end)
    coverage = world.syncer.ingest.ledger.coverage(SITE, hour)
    first = (hour.start_ms - coverage.start_ms) // WINDOW_MS
    stored = Counter(time_ms // WINDOW_MS for _, time_ms in world.stored(hour))
    assert coverage.counts[first : first + 12].tolist() == [
        stored[w // WINDOW_MS] for w in range(*_edges(hour))
    ]


def _edges(span: Span) -> tuple[int, int, int]:
    return span.start_ms, span.end_ms, WINDOW_MS


def test_a_corrected_value_replaces_the_first(world: World) -> None:
    world.sync()
    end = floor_window(world.clock())
    name, time_ms = next(key for key in world.truth(Span(end - HOUR_MS // 6, end)))
    world.simulator.put_samples(SITE, [(name, "123.456", time_ms)])
    world.clock.forward(5)
    world.sync()
    assert_exact(world)
    catalog = world.syncer.catalogs.load(SITE)
    span = Span(time_ms, time_ms + 1)
    samples = world.syncer.ingest.hot.read(SITE, [catalog.by_name[name].id], span, world.clock())
    assert samples.values.tolist() == [123.456]


# Some of the writes of the first hour and of later ones.
@at_steps([0, 1, 5, 11, 20])
def test_a_kill_at_any_write_is_completed(world: World, moment: Moment) -> None:
    mortal = HotTier(Killer(moment).client(world.client), "HotTable", runtime=Runtime(sleep=lambda _: None))
    with pytest.raises(Killed):
        but(world, hot=mortal).sync()
    world.sync()
    assert_exact(world)


@pytest.mark.parametrize(
    ("store", "method"),
    [("ledger", "record"), ("ledger", "mark_changed"), ("sites", "advance"), ("sites", "record_reread")],
)
@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_other_step_too(world: World, store: str, method: str, after: bool) -> None:
    owner = world.syncer.ingest.ledger if store == "ledger" else getattr(world.syncer, store)
    with killed_at(type(owner), method, after=after):
        world.sync()
    assert_completed(world)


def test_a_sync_killed_before_its_messages_is_completed(world: World) -> None:
    with pytest.raises(Killed):
        but(world, enqueue=Killer(Moment(0)).step(world.syncer.enqueue)).sync()
    assert_completed(world)


def assert_completed(world: World) -> None:
    """The next sync, and the messages that it sends, complete one that was killed."""
    world.sync()
    world.drain()
    assert_exact(world)
    record = world.syncer.sites.load(SITE)
    assert record is not None
    assert record.reread_ms is not None


def test_syncs_of_one_site_at_once_agree(world: World) -> None:
    world.simulator.faults = Faults(shuffle=1, duplicate=0.1)
    gate = threading.Barrier(3)

    def sync(_: int) -> None:
        gate.wait(timeout=10)
        world.sync()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(sync, range(3)))
    world.sync()
    assert_exact(world)
    ids = [point.id for point in world.syncer.catalogs.load(SITE).points]
    assert ids == list(range(len(ids)))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Faults(status=401), UpstreamRefusedError),
        (Faults(status=404), UpstreamRefusedError),
        (Faults(status=422), UpstreamRefusedError),
        (Faults(status=500), UpstreamUnavailableError),
        (Faults(garbage=1), UpstreamUnavailableError),
        (Faults(truncate=1), UpstreamUnavailableError),
    ],
)
@pytest.mark.parametrize("synced_before", [False, True])
def test_an_upstream_that_refuses_moves_no_checkpoint(
    world: World, fault: Faults, error: type[Exception], synced_before: bool
) -> None:
    if synced_before:
        world.sync()
    before = checkpoint(world)
    world.clock.forward(10)
    world.simulator.faults = fault
    with pytest.raises(error) as caught:
        but(world, ace=impatient(world)).sync()
    assert SITE in str(caught.value)
    assert checkpoint(world) == before
    world.simulator.faults = Faults()
    world.sync()
    assert_exact(world)


def test_outages_are_retried_and_refusals_are_not(world: World) -> None:
    def requests() -> int:
        return sum(sum(statuses.values()) for statuses in world.simulator.stats().values())

    for status, tries in ((401, 1), (503, 4)):
        world.simulator.faults = Faults(status=status)
        retry = Retry(total=3, status_forcelist=[503], respect_retry_after_header=False)
        ace = AceClient(world.simulator.url, "key", Pace(60_000, burst=1_000), retry=retry)
        before = requests()
        with pytest.raises((UpstreamRefusedError, UpstreamUnavailableError)):
            ace.site(SITE)
        assert requests() - before == tries


def test_a_repeated_cursor_ends_the_fetch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vitals.pipeline.ingest.pages_at_once", lambda span, *_: PagePlan((span,), 500))
    world.sync()
    before = checkpoint(world)
    world.clock.forward(30)
    world.simulator.faults = Faults(repeat_cursor=1)
    ace = impatient(world, page_size=500)
    with pytest.raises(UpstreamCursorError):
        but(world, ace=ace).sync()
    assert checkpoint(world) == before
    end = floor_window(world.clock())
    assert world.stored(Span(end - 30 * 60_000, end))
    world.simulator.faults = Faults()
    world.sync()
    assert_exact(world)


def test_small_pages_make_the_same_store(world: World) -> None:
    world.simulator.faults = Faults(shuffle=1, duplicate=0.2, empty=0.3)
    ace = impatient(world, page_size=1000)
    but(world, ace=ace).sync()
    assert_exact(world)


def test_weather_and_catalog_fail_alone(world: World) -> None:
    world.sync()
    world.clock.forward(65)

    class Broken(AceClient):
        def weather(self, site: str) -> Any:
            raise UpstreamUnavailableError("no weather today")

        def configured_points(self, site: str) -> Any:
            raise UpstreamUnavailableError("no points today")

    ace = Broken(world.simulator.url, world.simulator.settings.api_key, Pace(60_000, burst=1_000))
    receipt = but(world, ace=ace).sync()
    assert receipt.isolated_failures == {"weather": 1, "catalog": 1}
    assert world.journal.warnings == ["catalog not refreshed", "weather not refreshed"]
    assert_exact(world)


def test_the_catalog_is_read_hourly_not_per_sync(world: World) -> None:
    def listings() -> int:
        return sum(
            sum(statuses.values())
            for endpoint, statuses in world.simulator.stats().items()
            if "configured_points" in endpoint
        )

    world.sync()
    once = listings()
    for _ in range(4):
        world.clock.forward(5)
        world.sync()
    assert listings() == once
    world.clock.forward(60)
    world.sync()
    assert listings() == 2 * once


def test_after_an_outage_each_message_syncs_an_hour(world: World) -> None:
    world.sync()
    world.sent.clear()
    start = checkpoint(world)
    assert start is not None
    world.clock.forward(5 * 60)
    receipt = world.sync(1)
    assert not receipt.caught_up
    assert checkpoint(world) == start + HOUR_MS
    assert world.sent == [{"site": SITE}]
    world.drain()
    assert checkpoint(world) == floor_window(world.clock())
    assert_exact(world, 5)


def test_the_loser_of_a_checkpoint_stops(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.sync()
    world.sent.clear()
    world.clock.forward(5 * 60)
    monkeypatch.setattr(type(world.syncer.sites), "advance", lambda *_: False)
    before_ms = checkpoint(world)
    receipt = world.sync()
    assert receipt.checkpoint_ms == checkpoint(world) == before_ms
    assert world.sent == []


def test_the_circuit_opens_after_five_failures(world: World) -> None:
    world.sync()
    world.simulator.faults = Faults(status=503)
    broken = but(world, ace=impatient(world))
    for _ in range(5):
        with pytest.raises(UpstreamUnavailableError):
            broken.sync()
    requests = world.simulator.stats()
    with pytest.raises(CircuitOpenError):
        broken.sync()
    assert world.simulator.stats() == requests
    world.simulator.faults = Faults()
    world.clock.forward(6)
    world.sync()
    assert world.syncer.circuits.load().failures == 0
    assert_exact(world)
