"""What charts ask: samples, aggregates and measures in series, tables, and summaries."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.simulation.ace.points import GATEWAYS
from tests.simulation.desk import Desk
from tests.simulation.oracle.measured import MEASURES
from tests.simulation.oracle.opened import OpenHours
from tests.simulation.oracle.tables import FILLED, FILLS
from vitals.model.aggregates import BUCKETS
from vitals.model.timespan import DAY_MS, HOUR_MS, Span

ZONES = (
    "UTC",
    "Europe/London",
    "Africa/Cairo",
    "America/Chicago",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Pacific/Chatham",
)
"""Clocks change in most of them in the first days of a run."""
# The longest spans of questions about measures.
_LONGEST_H = {"15m": 12, "1h": 48, "2h": 72, "1d": 240, "1w": 400}
_LONGEST_TABLES_H = {"5m": 4, **_LONGEST_H}
# The shares of questions that are tables, summaries, and about measures.
_TABLES, _SUMMARIES, _MEASURED = 0.15, 0.1, 0.3
# The share of tables that are of a tag.
_TAGGED = 0.15
_HOURS = (None, "06:00-18:00", "08:15-17:30", "22:00-06:00", "00:00-24:00")
_DAYS = (None, "mon-fri", "sat,sun", "fri-mon")

type Query = Mapping[str, str | Sequence[str]]
type Sent = tuple[str, str, Query, Any]
"""Method, path, parameters and body of a request."""
type Sum = tuple[tuple[str, int], ...]
"""The points of a sum with their signs."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a chart; `grid` has the zone of its buckets and the measure, if it names them."""

    site: str
    names: tuple[str, ...]
    span: Span
    resolution: str
    grid: tuple[str, str] | None = None

    def sent(self, token: str | None) -> Sent:
        """Returns the request of a page."""
        query: dict[str, str | Sequence[str]] = {
            "site_name": self.site,
            "point_name": self.names,
            "start_time": str(self.span.start_ms),
            "end_time": str(self.span.end_ms),
            "resolution": self.resolution,
        }
        if self.resolution != "raw":
            # An operator sets the zone of the site.
            query["timezone"] = self.grid[0] if self.grid else "UTC"
        query |= {"measure": self.grid[1]} if self.grid else {}
        return "GET", "/timeseries/query", query | _of_page(token), None


@dataclass(frozen=True, slots=True)
class TableQuestion:
    """A question for a table of points and of sums of points, or of the points with a tag."""

    site: str
    names: tuple[str, ...]
    span: Span
    resolution: str
    hours: OpenHours
    measure: str = "mean"
    fill: str = "null"
    sums: tuple[Sum, ...] = ()
    tag: str = ""

    @property
    def columns(self) -> dict[str, Sum]:
        """The points of each column, by its name."""
        return _columns(self.names, self.sums)

    def sent(self, token: str | None) -> Sent:
        """Returns the request of a page."""
        body = {
            "site_name": self.site,
            "start_time": self.span.start_ms,
            "end_time": self.span.end_ms,
            "resolution": self.resolution,
            "timezone": self.hours.zone,
            "form": "table",
            "measure": self.measure,
            **({} if self.fill == "null" else {"fill": self.fill}),
            **({"tag": [self.tag]} if self.tag else {"point_names": list(self.columns)}),
            **self.hours.query(),
        }
        return "POST", "/timeseries/query", {}, body | _of_page(token)


@dataclass(frozen=True, slots=True)
class SummaryQuestion:
    """A question for the summary of points, and of sums of some of them."""

    site: str
    names: tuple[str, ...]
    span: Span
    hours: OpenHours
    sums: tuple[Sum, ...] = ()

    @property
    def columns(self) -> dict[str, Sum]:
        """The points of each row of the summary, by its name."""
        return _columns(self.names, self.sums)

    def sent(self, token: str | None) -> Sent:
        """Returns the request."""
        assert token is None
        body = {
            "site_name": self.site,
            "point_names": list(self.columns),
            "start_time": self.span.start_ms,
            "end_time": self.span.end_ms,
            "timezone": self.hours.zone,
            **self.hours.query(),
        }
        return "POST", "/timeseries/summary", {}, body


type AnyQuestion = Question | TableQuestion | SummaryQuestion


def _of_page(token: str | None) -> dict[str, str]:
    return {} if token is None else {"next_token": token}


def _columns(names: Sequence[str], sums: Sequence[Sum]) -> dict[str, Sum]:
    return {name: ((name, 1),) for name in names} | {_text(terms): terms for terms in sums}


def _text(terms: Sum) -> str:
    """Returns the name of a sum; every second point is in quotes, as it may be."""
    texts = [json.dumps(name, ensure_ascii=False) if row % 2 else name for row, (name, _) in enumerate(terms)]
    signed = (f"{'+' if sign > 0 else '-'} {text}" for text, (_, sign) in zip(texts, terms, strict=True))
    return "sum: " + " ".join(signed).removeprefix("+ ")


@dataclass(frozen=True, slots=True)
class Asker:
    """Makes up questions about the points of a desk."""

    desk: Desk

    @property
    def random(self) -> Random:
        """The random of the desk."""
        return self.desk.random

    def question(self) -> AnyQuestion:
        """Returns a new question."""
        site, kind = self.random.choice(self.desk.api.sites), self.random.random()
        names = self.chosen(self.desk.names(site) or ("unknown",), 5)
        if kind < _TABLES:
            return self.table(site, names)
        if kind < _TABLES + _SUMMARIES:
            return self.summary(site, names)
        if kind < _TABLES + _SUMMARIES + _MEASURED:
            return self._measured(site, names)
        return self._samples(site, names)

    def chosen(self, names: Sequence[str], limit: int) -> tuple[str, ...]:
        """Returns a few of these names."""
        return tuple(self.random.sample(list(names), min(len(names), self.random.randint(1, limit))))

    def table(self, site: str, names: tuple[str, ...], span: Span | None = None) -> TableQuestion:
        """Returns a question for a table, of a span that begins and ends within a bucket by default."""
        random = self.random
        resolution = random.choice(tuple(_LONGEST_TABLES_H)) if span is None else "1h"
        measure, names = self._possible(random.choice((*MEASURES, *FILLED)), names)
        # The upstream lists three gateways.
        tag = f"equip=gateway-{random.randrange(GATEWAYS)}" if random.random() < _TAGGED else ""
        return TableQuestion(
            site,
            names,
            span or self._span(_LONGEST_TABLES_H[resolution]),
            resolution,
            self._hours(0.4),
            measure,
            random.choice(FILLS) if measure in FILLED else "null",
            self._sums(names),
            "" if measure == "increase" else tag,
        )

    def summary(self, site: str, names: tuple[str, ...], span: Span | None = None) -> SummaryQuestion:
        """Returns a question for a summary, of any span by default."""
        span = span or self._span(self.random.choice((6, 24, 72, 240)))
        return SummaryQuestion(site, names, span, self._hours(0.5), self._sums(names))

    def _possible(self, measure: str, names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
        """Returns the measure with those of the points that may have it, or another one that all have."""
        if measure != "increase":
            return measure, names
        counters = self.desk.counters(names)
        return (measure, counters) if counters else ("runtime", names)

    def _hours(self, share: float) -> OpenHours:
        """Returns a zone, and in a share of questions operating hours."""
        random = self.random
        zone, is_open = random.choice(ZONES), random.random() >= share
        return OpenHours(zone) if is_open else OpenHours(zone, random.choice(_HOURS), random.choice(_DAYS))

    def _sums(self, names: Sequence[str]) -> tuple[Sum, ...]:
        random = self.random
        if random.random() < 0.5 or not names:
            return ()
        count = random.randint(1, min(3, len(names)))
        return (tuple((name, random.choice((1, 1, -1))) for name in random.sample(list(names), count)),)

    def _span(self, longest_h: int) -> Span:
        """Returns a span of up to so many hours, the latest one or an earlier one."""
        desk, random = self.desk, self.random
        now_ms = desk.slowest_clock_ms
        length_ms = random.randint(1, longest_h) * HOUR_MS
        start_ms = now_ms - length_ms
        if random.random() < 0.6:
            start_ms = random.randint(min(desk.first_ms, start_ms), start_ms)
        return Span(start_ms, start_ms + length_ms)

    def _measured(self, site: str, names: tuple[str, ...]) -> Question:
        """Returns a question about a measure in local time, whose span begins and ends within a bucket."""
        resolution = self.random.choice(tuple(_LONGEST_H))
        measure, names = self._possible(self.random.choice(MEASURES), names)
        grid = (self.random.choice(ZONES), measure)
        return Question(site, names, self._span(_LONGEST_H[resolution]), resolution, grid)

    def _samples(self, site: str, names: tuple[str, ...]) -> Question:
        """Returns a question about samples, or aggregates of whole buckets of UTC."""
        desk, random = self.desk, self.random
        now_ms = desk.slowest_clock_ms
        resolution = random.choice(("raw", "raw", "raw", "5m", "1h", "1h", "1d"))
        if random.random() < 0.4:
            # The last hours.
            end_ms = now_ms - now_ms % HOUR_MS + HOUR_MS
            span = Span(end_ms - random.randint(1, 30) * HOUR_MS, end_ms)
        else:
            days = (now_ms - desk.first_ms) // DAY_MS + 1
            first = desk.first_ms + int(random.random() * days) * DAY_MS
            span = Span(first, first + random.choice((1, 1, 2, 5)) * DAY_MS)
        bucket_ms = BUCKETS.get(resolution, 1)
        start_ms = max(span.start_ms, desk.first_ms)
        span = Span(start_ms - start_ms % bucket_ms, span.end_ms + -span.end_ms % bucket_ms)
        return Question(site, names, span, resolution)
