"""The truth of the upstream: its sites and points, and each version of each reading with its time.

A book is drawn once from a random; its days are made when they are first used, each from a random of its
own, so that the order of the uses does not matter, and only the latest used are kept.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.simulation.ace.days import Rates, draw_day
from tests.simulation.ace.points import GATEWAYS, Point, draw_points
from tests.simulation.ace.readings import Batch, Day, Version, batch, latest
from tests.simulation.ace.values import log_uniform
from tests.simulation.ace.weather import weather
from vitals.model.timespan import DAY_MS, MINUTE_MS, WINDOW_MS, Span, floor_window

_DAYS_IN_MEMORY = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class BookSettings:
    """The size of a world: names of its sites, their points, and the days before the run with readings."""

    sites: Sequence[str] = ("plant_one",)
    points: int = 40
    history_days: int = 3
    rates: Rates = field(default_factory=Rates)
    gateway_outages_per_day: float = 0.12
    """Of each of the three gateways of a site."""


class SiteBook:
    """The points and readings of one site."""

    def __init__(self, site: str, random: Random, run: Span, settings: BookSettings) -> None:
        self.site = site
        self.run = run
        self.key = random.getrandbits(63)
        self.points: tuple[Point, ...] = draw_points(
            random, site, settings.points, run, settings.history_days * DAY_MS
        )
        """Every point that is ever configured or sends, by its number."""
        self.by_name: Mapping[str, Point] = {point.name: point for point in self.points}
        self.outages: Mapping[int, Sequence[Span]] = {
            gateway: _draw_outages(random, run, settings.gateway_outages_per_day)
            for gateway in range(GATEWAYS)
        }
        """When each gateway was not connected."""
        self._rates = settings.rates
        self._days: OrderedDict[int, Day] = OrderedDict()

    def versions(self, name: str, time_ms: int) -> tuple[Version, ...]:
        """Returns the versions of a reading, in the order in which they become visible; () for none."""
        return self.day(time_ms).readings.get((name, time_ms), ())

    def value_at(self, name: str, time_ms: int, at_ms: int) -> float | None:
        """Returns the sample that a read at a time yields; None without one, or with a rejected value.

        A rejected value takes nothing away: what was stored of an earlier version stays.
        """
        version = latest(self.versions(name, time_ms), at_ms)
        return version.value if version else None

    def keys(self, name: str, span: Span) -> list[int]:
        """Returns the times of all readings of a point in the span, visible or not yet, in order."""
        return [time_ms for day in self._days_of(span) for time_ms in day.times(name, span)]

    def readings(self, span: Span) -> Iterator[tuple[Version, ...]]:
        """Yields the versions of every reading in the span."""
        for day in self._days_of(span):
            for (_, time_ms), reading in day.readings.items():
                if span.start_ms <= time_ms < span.end_ms:
                    yield reading

    def configured(self, at_ms: int) -> list[Point]:
        """Returns the points that a correct listing names at a time, by their number."""
        return [point for point in self.points if point.is_configured(at_ms)]

    def visible(self, span: Span, at_ms: int) -> list[Batch]:
        """Returns what of the span is visible at a time, by windows; batches are shared between calls."""
        batches = []
        for start_ms in range(floor_window(span.start_ms), span.end_ms, WINDOW_MS):
            current = self.day(start_ms).window(start_ms).visible_at(at_ms)
            if start_ms < span.start_ms or start_ms + WINDOW_MS > span.end_ms:
                inside = [row for row in current.versions if span.start_ms <= row.time_ms < span.end_ms]
                current = batch(start_ms, inside)
            if current.versions:
                batches.append(current)
        return batches

    def weather(self, at_ms: int) -> tuple[bytes, Batch]:
        """Returns the weather at a time as the upstream answers it, and as samples."""
        return weather(self.key, at_ms)

    def day(self, time_ms: int) -> Day:
        """Returns the readings of the UTC day in which a time lies."""
        day_ms = time_ms - time_ms % DAY_MS
        day = self._days.get(day_ms)
        if day is None:
            random = Random(f"{self.key}/{day_ms}")
            day = self._days[day_ms] = draw_day(random, self.points, day_ms, self.outages, self._rates)
            if len(self._days) > _DAYS_IN_MEMORY:
                self._days.popitem(last=False)
        else:
            self._days.move_to_end(day_ms)
        return day

    def _days_of(self, span: Span) -> Iterator[Day]:
        for day_ms in range(span.start_ms - span.start_ms % DAY_MS, span.end_ms, DAY_MS):
            yield self.day(day_ms)


class Book:
    """The sites of a world; `run` is the time of the simulation."""

    def __init__(self, random: Random, run: Span, settings: BookSettings | None = None) -> None:
        settings = settings or BookSettings()
        self.run = run
        self.sites: Mapping[str, SiteBook] = {
            site: SiteBook(site, Random(random.getrandbits(63)), run, settings) for site in settings.sites
        }


def _draw_outages(random: Random, run: Span, per_day: float) -> list[Span]:
    outages, time_ms = [], run.start_ms - DAY_MS
    while per_day > 0:
        time_ms += int(random.expovariate(per_day) * DAY_MS)
        if time_ms >= run.end_ms:
            break
        end_ms = time_ms + log_uniform(random, 5 * MINUTE_MS, DAY_MS)
        outages.append(Span(time_ms, end_ms))
        time_ms = end_ms
    return outages
