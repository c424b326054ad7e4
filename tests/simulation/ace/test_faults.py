"""With faults, the product's client yields what each delivery says."""

from collections.abc import Callable
from dataclasses import fields, replace

import pytest
from urllib3.util.retry import Retry

from tests.simulation.ace.client_world import SITE, START, World, truth
from tests.simulation.ace.faults import USUAL, FaultRates
from vitals.errors import UpstreamCursorError, UpstreamError, UpstreamRefusedError, UpstreamUnavailableError
from vitals.model.timespan import HOUR_MS, MINUTE_MS, Span

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
