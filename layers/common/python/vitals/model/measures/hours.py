"""Operating hours: the local times of a week in which samples count, and the rest is left out."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from vitals.errors import InvalidRequestError
from vitals.model.measures.cells import Flags, Integers
from vitals.model.measures.local_time import first_instants
from vitals.model.samples import Times
from vitals.model.timespan import DAY_MS, MINUTE_MS, Span

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# 1970-01-01 was a Thursday.
_FIRST_WEEKDAY = 3
_ALL_DAYS = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class OperatingHours:
    """From `start_ms` to `end_ms` of each local day that is one of the weekdays (0 is Monday) and no holiday.

    Hours that end on the next day belong to the day on which they begin. `holidays` are days since 1970.
    """

    zone: str
    start_ms: int = 0
    end_ms: int = DAY_MS
    weekdays: frozenset[int] = _ALL_DAYS
    holidays: frozenset[int] = field(default_factory=frozenset)

    @classmethod
    def parse(cls, hours: str | None, days: str | None, holidays: Iterable[str], zone: str) -> Self | None:
        """Returns the hours of a request, None where it has neither; InvalidRequestError for another form.

        `holidays` (YYYY-MM-DD) are left out where there are `days`.
        """
        if hours is None and days is None:
            return None
        start_ms, end_ms = (0, DAY_MS) if hours is None else _times(hours)
        if days is None:
            return cls(zone, start_ms, end_ms)
        numbers = np.array(list(holidays), "datetime64[D]").astype(np.int64).tolist()
        return cls(zone, start_ms, end_ms, frozenset(_weekdays(days)), frozenset(numbers))

    def facts(self) -> list[object]:
        """Returns what answers depend on."""
        return [self.zone, self.start_ms, self.end_ms, sorted(self.weekdays), sorted(self.holidays)]

    def windows(self, span: Span) -> tuple[Times, Times]:
        """Returns when the hours in a span begin and when they end, in order; hours that touch are one."""
        first, last = span.start_ms // DAY_MS - 2, span.end_ms // DAY_MS + 2
        days = np.array([day for day in range(first, last + 1) if self._has(day)], np.int64)
        starts, ends = (
            np.clip(first_instants(days * DAY_MS + offset_ms, self.zone), span.start_ms, span.end_ms)
            for offset_ms in (self.start_ms, self.end_ms)
        )
        starts, ends = starts[starts < ends], ends[starts < ends]
        touches = starts[1:] <= ends[:-1]
        return starts[np.append(True, ~touches)[: len(starts)]], ends[np.append(~touches, True)[: len(ends)]]

    def edges(self, span: Span) -> Times:
        """Returns when the hours in a span begin or end, in order."""
        return np.sort(np.concatenate(self.windows(span)))

    def contain(self, times: Times) -> Flags:
        """Returns whether each time is within the hours."""
        if not len(times):
            return np.empty(0, np.bool_)
        edges = self.edges(Span(int(times.min()), int(times.max()) + 1))
        is_open: Flags = np.searchsorted(edges, times, side="right") % 2 == 1
        return is_open

    def length_ms(self, starts: Times, ends: Times) -> Integers:
        """Returns how much of each range is within the hours."""
        if not len(starts):
            return np.empty(0, np.int64)
        opens, closes = self.windows(Span(int(starts.min()), int(ends.max())))
        before = np.append(0, np.cumsum(closes - opens))

        def open_until(times: Times) -> Integers:
            index = np.searchsorted(opens, times, side="right") - 1
            current = np.clip(times - opens[index], 0, (closes - opens)[index]) if len(opens) else 0
            return np.where(index < 0, 0, before[index] + current)

        return open_until(ends) - open_until(starts)

    def parts(self, span: Span) -> Iterator[Span]:
        """Yields the parts of a span that are within the hours."""
        for start_ms, end_ms in zip(*(times.tolist() for times in self.windows(span)), strict=True):
            yield Span(start_ms, end_ms)

    def _has(self, day: int) -> bool:
        return (day + _FIRST_WEEKDAY) % 7 in self.weekdays and day not in self.holidays


def _times(text: str) -> tuple[int, int]:
    match = _HOURS.fullmatch(text)
    if not match:
        raise InvalidRequestError("hours must be like 06:00-18:00 or 22:00-06:00, from 00:00 to 24:00")
    start_ms = (60 * int(match[1]) + int(match[2])) * MINUTE_MS
    end_ms = DAY_MS if match[3] is None else (60 * int(match[3]) + int(match[4])) * MINUTE_MS
    return start_ms, end_ms if start_ms < end_ms else end_ms + DAY_MS


def _weekdays(text: str) -> Iterator[int]:
    for part in text.lower().split(","):
        first, dash, last = part.strip().partition("-")
        if first not in _DAYS or (dash and last not in _DAYS):
            raise InvalidRequestError(f"days must be like mon-fri or sat,sun, of {', '.join(_DAYS)}")
        begin = _DAYS.index(first)
        count = (_DAYS.index(last) - begin) % 7 + 1 if dash else 1
        yield from ((begin + number) % 7 for number in range(count))
