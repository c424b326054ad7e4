"""Buckets of local time: the edges of any interval in any zone.

A zone's local time is UTC plus the offset in force. Edges are UTC milliseconds; buckets are half-open.
"""

import re
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from vitals.errors import InvalidRequestError
from vitals.model.measures.hours import OperatingHours
from vitals.model.measures.local_time import LARGEST_SHIFT_MS, Offsets
from vitals.model.samples import Times
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span

Unit = Literal["m", "h", "d", "w", "mo", "y"]
WeekStart = Literal["monday", "sunday"]

_TEXT = re.compile(r"([1-9]\d{0,3})(m|h|d|w|mo|y)", re.ASCII)
_DIVIDED = {"m": 60, "h": 24, "mo": 12}
# The unit that a whole number of units makes.
_LARGER: dict[tuple[int, str], tuple[int, Unit]] = {
    (60, "m"): (1, "h"),
    (24, "h"): (1, "d"),
    (12, "mo"): (1, "y"),
}
_FORM = (
    "resolution must be auto, raw, or a whole number of m, h, d, w, mo or y: minutes that divide an hour,"
    " hours that divide a day, months that divide a year, such as 15m, 1h, 1d, 1mo"
)
_MAX_YEARS = 100
# Lengths of a unit, of months and years the shortest.
_UNIT_MS = {"m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS, "w": 7 * DAY_MS, "mo": 28 * DAY_MS, "y": 365 * DAY_MS}
# Days from 1970-01-01, a Thursday, to the first day of a week.
_FIRST_DAY = {"monday": 4, "sunday": 3}


@dataclass(frozen=True, slots=True)
class Interval:
    """A number of units, such as 15 minutes or 1 month."""

    count: int
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> Self:
        """Returns the interval of a text; InvalidRequestError when there is none that divides evenly."""
        match = _TEXT.fullmatch(text)
        if not match:
            raise InvalidRequestError(_FORM)
        count, unit = int(match[1]), match[2]
        if unit in _DIVIDED and _DIVIDED[unit] % count:
            raise InvalidRequestError(f"{_FORM}; {text} does not divide evenly")
        if count * _UNIT_MS[unit] > _MAX_YEARS * _UNIT_MS["y"]:
            raise InvalidRequestError(f"{_FORM}; at most {_MAX_YEARS} years")
        return cls(*_LARGER.get((count, unit), (count, unit)))  # type: ignore[arg-type]

    @property
    def shortest_ms(self) -> int:
        """The length of the interval, of months and years the shortest that there is."""
        return self.count * _UNIT_MS[self.unit]

    @property
    def is_of_days(self) -> bool:
        """Whether buckets are whole local days."""
        return self.unit not in ("m", "h")

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"


@dataclass(frozen=True, slots=True)
class Calendar:
    """The buckets of an interval in a zone, an IANA name; they do not depend on the range of a query.

    Only what is within the `hours`, if any, counts in them.
    """

    interval: Interval
    zone: str = "UTC"
    week_start: WeekStart = "monday"
    hours: OperatingHours | None = None

    def edges(self, span: Span) -> Times:
        """Returns the edges of the buckets that the span overlaps, in ascending order.

        The first is at or before the start of the span, the last at or after its end. An empty span has one
        edge, its start.
        """
        if not span:
            return np.array([span.start_ms])
        interval = self.interval
        if interval.unit in ("mo", "y"):
            around = _around(span, interval.shortest_ms)
            starts = _month_starts(around, interval.count * (12 if interval.unit == "y" else 1))
            return _covering(np.unique(Offsets.of(self.zone, around).first_instants(starts)), span)
        origin_ms = _FIRST_DAY[self.week_start] * DAY_MS if interval.unit == "w" else 0
        return multiples(interval.shortest_ms, self.zone, span, origin_ms)

    def widened(self, span: Span) -> Span:
        """Returns the smallest span of whole buckets that contains the span; an empty one does not change."""
        if not span:
            return span
        start_ms = int(self.edges(Span(span.start_ms, span.start_ms + 1))[0])
        return Span(start_ms, int(self.edges(Span(span.end_ms - 1, span.end_ms))[-1]))

    def floor(self, time_ms: int) -> int:
        """Returns the start of the bucket in which the time lies."""
        return int(self.edges(Span(time_ms, time_ms + 1))[0])

    def cells(self, span: Span) -> Times:
        """Returns the edges of the cells in a span that begins and ends with one.

        Cells are UTC hours, cut where a bucket ends within one; buckets shorter than an hour are cells. Both
        are cut where operating hours begin and end.
        """
        edges = self.edges(span)
        if self.hours:
            edges = np.union1d(edges, self.hours.edges(Span(int(edges[0]), int(edges[-1]))))
        if self.interval.shortest_ms >= HOUR_MS:
            edges = np.union1d(
                edges, np.arange(span.start_ms - span.start_ms % HOUR_MS, span.end_ms, HOUR_MS)
            )
        return np.unique(np.clip(edges, span.start_ms, span.end_ms))


def multiples(length_ms: int, zone: str, span: Span, origin_ms: int = 0) -> Times:
    """Returns the instants at which local time reaches multiples of a length since local 1970, for a span.

    The first is at or before its start, the last at or after its end. Up to an hour, also the instants at
    which the offset changes. `origin_ms` is added to the multiples.
    """
    around = _around(span, length_ms)
    offsets = Offsets.of(zone, around)
    if length_ms <= HOUR_MS:
        return _covering(offsets.grid(length_ms, around), span)
    low, high = ((edge_ms - origin_ms) // length_ms for edge_ms in (around.start_ms, around.end_ms))
    local = origin_ms + np.arange(low, high + 2) * length_ms
    return _covering(np.unique(offsets.first_instants(local)), span)


def _around(span: Span, shortest_ms: int) -> Span:
    """Returns the span with more than a bucket and a change of the clock on each side."""
    longest_ms = shortest_ms * 13 // 12 + LARGEST_SHIFT_MS + 3 * DAY_MS
    return Span(span.start_ms - longest_ms, span.end_ms + longest_ms)


def _covering(edges: Times, span: Span) -> Times:
    """Returns the edges from the last one at or before the span to the first one at or after it."""
    first = np.searchsorted(edges, span.start_ms, side="right") - 1
    last = np.searchsorted(edges, span.end_ms, side="left")
    return edges[first : last + 1]


def _month_starts(span: Span, months: int) -> Times:
    """Returns the local times at which periods of this many months begin, around a span."""
    first, last = (
        np.datetime64(edge_ms, "ms").astype("datetime64[M]").astype(np.int64) // months
        for edge_ms in (span.start_ms, span.end_ms)
    )
    starts = np.arange(first, last + 2) * months
    return starts.astype("datetime64[M]").astype("datetime64[ms]").astype(np.int64)
