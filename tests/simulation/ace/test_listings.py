"""Listings name the configured points, except where a fault says otherwise."""

import pytest

from tests.simulation.ace.client_world import SITE, START, World
from tests.simulation.ace.faults import FaultRates
from vitals.errors import UpstreamUnavailableError
from vitals.model.timespan import DAY_MS, HOUR_MS, Span


def test_listing_names_configured_points() -> None:
    world = World(1, FaultRates())
    listing = world.client.configured_points(SITE)
    configured = world.site.configured(world.now_ms)
    names = [point.name for point in configured]
    assert [item["name"] for item in listing.items] == names
    intervals = [item["collect_interval"] for item in listing.items]
    assert intervals == [point.listed_interval_s for point in configured]
    assert listing.proves_absence
    assert [page.page for page in world.listed] == [1, 2, 3]
    assert [name for page in world.listed for name in page.names] == names


def listing_rounds(rates: FaultRates, count: int = 40) -> World:
    """Returns a world after so many listings, each of which is what was delivered of it."""
    world = World(7, rates)
    for _ in range(count):
        world.now_ms += HOUR_MS // 4
        first = len(world.listed)
        listing = world.client.configured_points(SITE)
        pages = world.listed[first:]
        names = {name for page in pages for name in page.names}
        assert {item["name"] for item in listing.items} == names
        lacking = {point.name for point in world.site.configured(world.now_ms)} - names
        assert lacking <= {name for page in pages for name in (*page.missing, *page.malformed)} or any(
            page.shifted for page in pages
        )
    return world


def test_odd_members_lose_no_point() -> None:
    world = listing_rounds(FaultRates(listing_odd=0.5))
    assert world.faults.counts["listing_odd"] > 10
    assert not any(page.malformed for page in world.listed)


def test_malformed_entries_prove_no_absence() -> None:
    world = listing_rounds(FaultRates(listing_malformed=0.5))
    assert world.faults.counts["listing_malformed"] > 10


def test_points_vanish_between_pages() -> None:
    world = listing_rounds(FaultRates(listing_shift=0.3))
    assert world.faults.counts["listing_shift"] > 5


def test_no_point_is_lacking_twice() -> None:
    world = listing_rounds(FaultRates(listing_lack=1.0), count=60)
    lacking = [page.missing[0] for page in world.listed if page.page == 1 and page.missing]
    assert len(lacking) == len(set(lacking)) == world.faults.counts["listing_lack"]
    assert len(lacking) > 30


def test_broken_listings_leave_readings_alone() -> None:
    broken = Span(START + DAY_MS, START + 3 * DAY_MS)
    world = World(8, FaultRates(), broken_listings=(broken,))
    for hour in range(50):
        world.now_ms = broken.start_ms + hour * HOUR_MS
        world.fetch(Span(world.now_ms - HOUR_MS, world.now_ms))
        if hour < 48:
            with pytest.raises(UpstreamUnavailableError):
                world.client.configured_points(SITE)
        else:
            assert world.client.configured_points(SITE).steady
    assert world.faults.counts == {"broken_listing": 48}
