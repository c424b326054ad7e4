"""Buckets of local time: the edges of any interval in any zone.

A zone's local time is UTC plus the offset in force. Edges are UTC milliseconds; buckets are half-open.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Literal, Self
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from vitals.errors import InvalidRequestError
from vitals.model.samples import Times
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span, check_year, has_offset, parse_instant

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
# More than any zone's clock is turned; Samoa skipped a day.
_LARGEST_SHIFT_MS = 2 * DAY_MS
_NEVER = np.iinfo(np.int64).max


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
    """The buckets of an interval in a zone, an IANA name; they do not depend on the range of a query."""

    interval: Interval
    zone: str = "UTC"
    week_start: WeekStart = "monday"

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
            return _covering(np.unique(_Offsets.of(self.zone, around).first_instants(starts)), span)
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

        Cells are UTC hours, cut where a bucket ends within one; buckets shorter than an hour are cells.
        """
        edges = self.edges(span)
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
    offsets = _Offsets.of(zone, around)
    if length_ms <= HOUR_MS:
        return _covering(offsets.grid(length_ms, around), span)
    low, high = ((edge_ms - origin_ms) // length_ms for edge_ms in (around.start_ms, around.end_ms))
    local = origin_ms + np.arange(low, high + 2) * length_ms
    return _covering(np.unique(offsets.first_instants(local)), span)


def _around(span: Span, shortest_ms: int) -> Span:
    """Returns the span with more than a bucket and a change of the clock on each side."""
    longest_ms = shortest_ms * 13 // 12 + _LARGEST_SHIFT_MS + 3 * DAY_MS
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


def local_instant(text: str, zone: str) -> Fraction:
    """Returns the epoch milliseconds, exact, of an ISO 8601 time, which is local unless it has an offset.

    A date is the beginning of that day. ValueError when the text is no time, and when the zone has the time
    twice or never.
    """
    time_ms = parse_instant(text)
    if has_offset(text):
        return time_ms
    whole_ms = check_year(time_ms // 1)
    offsets = _Offsets.of(zone, Span(whole_ms - _LARGEST_SHIFT_MS, whole_ms + _LARGEST_SHIFT_MS))
    if len(text) == len("2026-01-31"):
        return Fraction(int(offsets.first_instants(np.array([whole_ms]))[0]))
    instants = offsets.instants(whole_ms)
    if len(instants) != 1:
        happens = "twice" if instants else "never"
        raise ValueError(f"{text!r} happens {happens} in {zone}; give its offset from UTC")
    return time_ms + instants[0] - whole_ms


def local_iso(times: Times, zone: str) -> list[str]:
    """Returns the times as ISO 8601 with milliseconds and the offset in force."""
    if not len(times):
        return []
    offsets = offsets_at(times, zone)
    texts = np.datetime_as_string((times + offsets).astype("datetime64[ms]"))
    return [text + offset_text(offset_ms) for text, offset_ms in zip(texts, offsets.tolist(), strict=True)]


def offsets_at(times: Times, zone: str) -> npt.NDArray[np.int64]:
    """Returns the offset (ms) in force at each time; there is at least one time."""
    return _Offsets.of(zone, Span(int(times.min()), int(times.max()) + 1)).at(times)


@lru_cache(1_024)
def offset_text(offset_ms: int) -> str:
    """Returns an offset as in ISO 8601, such as -06:00."""
    minutes = abs(offset_ms) // MINUTE_MS
    return f"{'-' if offset_ms < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


@dataclass(frozen=True, slots=True)
class _Offsets:
    """The offsets (ms) of a zone: `offsets[i]` from `starts[i]` until the next one starts."""

    starts: Times
    offsets: npt.NDArray[np.int64]

    @classmethod
    def of(cls, zone: str, span: Span) -> Self:
        """Returns the offsets in force during the span."""
        first, last = (
            int(np.datetime64(edge_ms, "ms").astype("datetime64[Y]").astype(np.int64)) + 1970
            for edge_ms in (span.start_ms, span.end_ms)
        )
        changes = [change for year in range(first, last + 1) for change in _offsets_of_year(zone, year)]
        starts, offsets = np.array(changes, np.int64).T
        changed = np.append(True, offsets[1:] != offsets[:-1])
        return cls(starts[changed], offsets[changed])

    def grid(self, step_ms: int, span: Span) -> Times:
        """Returns the instants at which local time is a multiple of the step, and those of its changes."""
        ends = np.append(self.starts[1:], _NEVER)
        edges = []
        for start_ms, end_ms, offset_ms in zip(self.starts, ends, self.offsets, strict=True):
            low, high = max(int(start_ms), span.start_ms), min(int(end_ms), span.end_ms)
            if low < high:
                first_ms = low + -(low + offset_ms) % step_ms
                change = [low] if low == start_ms and low < first_ms else []
                edges += [np.array(change, np.int64), np.arange(first_ms, high, step_ms)]
        return np.concatenate(edges)

    def at(self, times: Times) -> npt.NDArray[np.int64]:
        """Returns the offset in force at each time."""
        return self.offsets[np.searchsorted(self.starts, times, side="right") - 1]

    def instants(self, local_ms: int) -> list[int]:
        """Returns the instants at which the local time is this one."""
        ends = np.append(self.starts[1:], _NEVER)
        instants = local_ms - self.offsets
        return instants[(self.starts <= instants) & (instants < ends)].tolist()  # type: ignore[no-any-return]

    def first_instants(self, local: Times) -> Times:
        """Returns the first instant at which local time is at least each of these."""
        ends = np.append(self.starts[1:], _NEVER)
        first = np.full(len(local), _NEVER)
        for start_ms, end_ms, offset_ms in zip(self.starts, ends, self.offsets, strict=True):
            instants = np.maximum(start_ms, local - offset_ms)
            np.minimum(first, instants, out=first, where=instants < end_ms)
        return first


@lru_cache(1_024)
def _offsets_of_year(zone: str, year: int) -> tuple[tuple[int, int], ...]:
    """Returns the offsets of a UTC year as (first millisecond, offset in ms)."""
    info = ZoneInfo(zone)
    start, end = (int(datetime(y, 1, 1, tzinfo=UTC).timestamp()) for y in (year, year + 1))
    # No zone has changed its offset twice within a day since 1990 (tested).
    changes = [(start, _offset_s(info, start))]
    for day_s in range(start + 86_400, end + 1, 86_400):
        low, high = day_s - 86_400, day_s
        offset_s = _offset_s(info, high)
        if offset_s == changes[-1][1]:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset_s(info, middle) != offset_s else (low, middle)
        if high < end:
            changes.append((high, offset_s))
    return tuple((second * 1000, offset_s * 1000) for second, offset_s in changes)


def _offset_s(info: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, info).utcoffset()
    return (offset or timedelta()) // timedelta(seconds=1)
