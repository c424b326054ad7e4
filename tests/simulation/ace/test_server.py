"""The product's client reads what the book says, and with faults what each delivery says."""

import json
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from functools import cache
from random import Random
from typing import Any

import pytest
import requests
from urllib3.util.retry import Retry

from tests.simulation.ace import weather
from tests.simulation.ace.book import Book, BookSettings, SiteBook
from tests.simulation.ace.deliveries import Delivery, ListingPage
from tests.simulation.ace.faults import USUAL, FaultRates, Faults
from tests.simulation.ace.server import AceServer, Response
from tests.simulation.ace.session import session
from vitals.ace.client import WEATHER_POINTS, AceClient
from vitals.aws.runtime import Runtime
from vitals.errors import UpstreamCursorError, UpstreamError, UpstreamRefusedError, UpstreamUnavailableError
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span, day_start
from vitals.pipeline.acceptance import RejectedReadingError, parse_time, parse_value

SITE = "plant_one"
START = day_start("2026-03-10")
RUN = Span(START, START + 5 * DAY_MS)
NEVER = Retry(total=0)

type Samples = list[tuple[str, int, float]]


@cache
def book() -> Book:
    return Book(Random(1), RUN, BookSettings(sites=(SITE,), points=40))


class Unpaced:
    """A pace that never waits."""

    def wait(self) -> None:
        """Returns at once."""


class World:
    """A server, the product's client of it, and what was delivered; the seed is that of the faults."""

    def __init__(
        self, seed: int, rates: FaultRates, *, broken_listings: tuple[Span, ...] = (), retry: Retry = NEVER
    ) -> None:
        self.now_ms = START + DAY_MS
        self.faults = Faults(Random(seed), rates, RUN, broken_listings=broken_listings)
        self.server = AceServer(book(), self.faults)
        self.deliveries: list[Delivery] = []
        self.listed: list[ListingPage] = []
        self.slept_s: list[float] = []
        self.client = AceClient(
            "https://ace.invalid/api",
            "key",
            Unpaced(),
            retry=retry,
            session=session(
                self.server,
                lambda: self.now_ms,
                on_served=self.deliveries.append,
                on_listed=self.listed.append,
                sleep=self.slept_s.append,
            ),
            runtime=Runtime(
                now_ms=lambda: self.now_ms, monotonic=lambda: self.now_ms / 1000, sleep=lambda _: None
            ),
        )

    @property
    def site(self) -> SiteBook:
        return book().sites[SITE]

    def fetch(self, span: Span) -> Samples:
        """Returns what the client yields, after a check that each page is what was delivered."""
        samples: Samples = []
        for page in self.client.pages(SITE, span):
            accepted = accepted_of(page)
            assert self.deliveries[-1].readings == accepted
            samples += accepted
        return samples


def accepted_of(page: Iterable[Any]) -> Samples:
    samples: Samples = []
    for reading in page:
        try:
            sample = (reading["name"], parse_time(reading["time"]), parse_value(reading["value"]))
        except (RejectedReadingError, KeyError, TypeError):
            continue
        samples.append(sample)
    return samples


def truth(site: SiteBook, span: Span, at_ms: int) -> Samples:
    samples = []
    for versions in site.readings(span):
        name, time_ms = versions[0].name, versions[0].time_ms
        value = site.value_at(name, time_ms, at_ms)
        if value is not None:
            samples.append((name, time_ms, value))
    return sorted(samples)


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


def test_site_and_sites_are_listed() -> None:
    world = World(1, FaultRates())
    assert world.client.site(SITE)["name"] == SITE
    sites = json.loads(world.server.respond("/sites", {}, world.now_ms).body)
    assert [item["name"] for item in sites["items"]] == [SITE]
    with pytest.raises(UpstreamRefusedError):
        world.client.site("elsewhere")


WITHOUT_ANSWER = (
    "rate_limited",
    "server_error",
    "connect_timeout",
    "read_timeout",
    "connection",
    "incomplete",
    "truncated",
    "not_json",
)


@pytest.mark.parametrize("fault", WITHOUT_ANSWER)
def test_broken_answers_deliver_nothing(fault: str) -> None:
    world = World(2, FaultRates(**{fault: 1.0}))
    hour = Span(world.now_ms - HOUR_MS, world.now_ms)
    for _ in range(12):
        with pytest.raises(UpstreamUnavailableError):
            world.fetch(hour)
    with pytest.raises(UpstreamUnavailableError):
        world.client.configured_points(SITE)
    assert world.deliveries == []
    assert world.listed == []
    assert world.faults.counts == {fault: 13}


def test_unauthorized_is_not_retried() -> None:
    world = World(2, FaultRates(unauthorized=1.0), retry=Retry(total=3))
    with pytest.raises(UpstreamRefusedError):
        world.fetch(Span(world.now_ms - HOUR_MS, world.now_ms))
    assert world.client.requests == 1


def test_timeouts_take_their_time() -> None:
    world = World(2, FaultRates(read_timeout=1.0))
    with pytest.raises(UpstreamUnavailableError):
        world.fetch(Span(world.now_ms - HOUR_MS, world.now_ms))
    assert world.slept_s == [60]


HARMLESS = ("bom", "short_pages", "empty", "doubled", "overlap", "unordered", "junk")


@pytest.mark.parametrize("fault", HARMLESS)
def test_odd_pages_lose_nothing(fault: str) -> None:
    world = World(3, FaultRates(**{"short_pages": 0.5, fault: 0.7}))
    for hours in range(1, 9):
        span = Span(world.now_ms - hours * HOUR_MS, world.now_ms - (hours - 1) * HOUR_MS)
        assert sorted(set(world.fetch(span))) == truth(world.site, span, world.now_ms)
        assert world.deliveries[-1].is_last
        assert not world.deliveries[-1].malformed
    assert world.faults.counts[fault] > 2


def test_doubled_readings_are_delivered_twice() -> None:
    world = World(3, FaultRates(short_pages=1.0, overlap=0.5, doubled=0.5))
    samples = world.fetch(Span(world.now_ms - HOUR_MS, world.now_ms))
    assert len(samples) > len(set(samples))


def test_malformed_entries_are_known() -> None:
    world = World(4, FaultRates(malformed=1.0, junk=0.5))
    half_hour = HOUR_MS // 2
    for row in range(40):
        span = Span(world.now_ms - (row + 1) * half_hour, world.now_ms - row * half_hour)
        samples = world.fetch(span)
        expected = {sample[:2] for sample in truth(world.site, span, world.now_ms)}
        malformed = set(world.deliveries[-1].malformed)
        assert malformed
        assert {sample[:2] for sample in samples} == expected - malformed


@pytest.mark.parametrize("fault", ["lost_cursor", "repeated_cursor"])
def test_broken_cursors_end_a_run(fault: str) -> None:
    world = World(5, FaultRates(**{"short_pages": 1.0, fault: 1.0}))
    with pytest.raises(UpstreamCursorError):
        for _ in range(10):
            world.fetch(Span(world.now_ms - HOUR_MS, world.now_ms))
    assert world.deliveries
    assert not world.deliveries[-1].is_last


def test_deliveries_are_what_the_client_yields() -> None:
    """With every fault at ten times its usual rate."""
    often = {field.name: min(0.3, 10 * getattr(USUAL, field.name)) for field in fields(FaultRates)}
    rates = replace(FaultRates(**often), outages_per_day=0, broken_listings_per_day=0)
    world = World(6, rates, retry=Retry(total=3, backoff_factor=0))
    complete = errors = 0
    for window in range(120):
        world.now_ms += 5 * MINUTE_MS
        span = Span(world.now_ms - (20 if window % 10 else 240) * MINUTE_MS, world.now_ms)
        first = len(world.deliveries)
        try:
            samples = world.fetch(span)
        except UpstreamError:
            errors += 1
            continue
        complete += 1
        lost = {key for delivery in world.deliveries[first:] for key in delivery.malformed}
        missing = set(truth(world.site, span, world.now_ms)) - set(samples)
        assert {sample[:2] for sample in missing} <= lost
    assert complete > 60
    assert errors > 5


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


def test_outages_fail_every_call() -> None:
    world = World(9, FaultRates(outages_per_day=1.0))
    outage = next(span for span in world.faults.outages if span.length_ms > HOUR_MS)
    calls: list[Callable[[], object]] = [
        lambda: world.client.site(SITE),
        lambda: world.client.weather(SITE),
        lambda: world.client.configured_points(SITE),
        lambda: world.fetch(Span(START, START + HOUR_MS)),
    ]
    for row in range(40):
        world.now_ms = outage.start_ms + row * MINUTE_MS
        with pytest.raises(UpstreamUnavailableError):
            calls[row % 4]()
    world.now_ms = outage.end_ms
    calls[3]()


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
