"""A server, and the product's client of it, for the tests of this package."""

from collections.abc import Iterable
from functools import cache
from random import Random
from typing import Any

from urllib3.util.retry import Retry

from tests.simulation.ace.book import Book, BookSettings, SiteBook
from tests.simulation.ace.deliveries import Delivery, ListingPage
from tests.simulation.ace.faults import FaultRates, Faults
from tests.simulation.ace.server import AceServer
from tests.simulation.ace.session import session
from vitals.ace.client import AceClient
from vitals.aws.runtime import Runtime
from vitals.model.timespan import DAY_MS, Span, day_start
from vitals.pipeline.acceptance import RejectedReadingError, parse_time, parse_value

SITE = "plant_one"
START = day_start("2026-03-10")
RUN = Span(START, START + 5 * DAY_MS)
NEVER = Retry(total=0)

type Samples = list[tuple[str, int, float]]


@cache
def book() -> Book:
    """Returns the book of all worlds."""
    return Book(Random(1), RUN, BookSettings(sites=(SITE,), points=40))


class Unpaced:
    """A pace that never waits."""

    def announce(self, requests: int) -> None:
        pass

    def wait(self, within_s: float = 0) -> None:
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
        for accepted in self.client.pages(SITE, span, accepted_of):
            assert self.deliveries[-1].readings == accepted
            samples += accepted
        return samples


def accepted_of(page: Iterable[Any]) -> Samples:
    """Returns the samples of readings, by the product's rules for their values and times."""
    samples: Samples = []
    for reading in page:
        try:
            sample = (reading["name"], parse_time(reading["time"]), parse_value(reading["value"]))
        except (RejectedReadingError, KeyError, TypeError):
            continue
        samples.append(sample)
    return samples


def truth(site: SiteBook, span: Span, at_ms: int) -> Samples:
    """Returns the samples of the span that are visible at a time, sorted."""
    samples = []
    for versions in site.readings(span):
        name, time_ms = versions[0].name, versions[0].time_ms
        value = site.value_at(name, time_ms, at_ms)
        if value is not None:
            samples.append((name, time_ms, value))
    return sorted(samples)
