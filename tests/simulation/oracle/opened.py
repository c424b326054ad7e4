"""The operating hours of a zone, from what its clocks show, and what of a point's samples is within them."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter

from tests.simulation.oracle.calendars import offsets
from tests.simulation.oracle.lines import Held, Line
from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# 1970-01-01 was a Thursday.
_FIRST_WEEKDAY = 3
# Clocks of zones are at most this far from UTC.
_FURTHEST_MS = 15 * HOUR_MS


@dataclass(frozen=True, slots=True)
class OpenHours:
    """Hours such as 22:00-06:00 of days such as mon-fri, in a zone; None for all of them."""

    zone: str
    hours: str | None = None
    days: str | None = None

    def query(self) -> dict[str, str]:
        """Returns the parameters of a request."""
        parameters = {"hours": self.hours, "days": self.days}
        return {name: text for name, text in parameters.items() if text is not None}

    def parts(self, span: Span) -> list[Span]:
        """Returns the parts of a span that are within the hours, in order."""
        if self.hours is None and self.days is None:
            return [span]
        # The hours of a day end on the next one at the latest.
        first = (span.start_ms - _FURTHEST_MS) // DAY_MS - 1
        last = (span.end_ms + _FURTHEST_MS) // DAY_MS
        windows = [self._window(day) for day in range(first, last + 1) if self._is_open(day)]
        parts = [
            Span(max(window.start_ms, span.start_ms), min(window.end_ms, span.end_ms)) for window in windows
        ]
        return [part for part in parts if part]

    def _window(self, day: int) -> Span:
        begin, end = (_minutes(text) for text in (self.hours or "00:00-24:00").split("-"))
        end += 0 if begin < end else 24 * 60
        edges = (_first_instant(self.zone, day * DAY_MS + minutes * MINUTE_MS) for minutes in (begin, end))
        return Span(*edges)

    def _is_open(self, day: int) -> bool:
        return self.days is None or (day + _FIRST_WEEKDAY) % 7 in set(_weekdays(self.days))


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return 60 * int(hours) + int(minutes)


def _weekdays(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, *rest = (_DAYS.index(name) for name in part.split("-"))
        yield first
        while rest and first != rest[0]:
            first = (first + 1) % 7
            yield first


@lru_cache(4_000)
def _first_instant(zone: str, local_ms: int) -> int:
    """Returns the first instant at which the clocks of a zone show this time, or a later one."""
    low_ms = local_ms - _FURTHEST_MS
    for day_ms in range(low_ms - low_ms % DAY_MS, local_ms + 2 * DAY_MS, DAY_MS):
        for time_ms, offset_ms in offsets(zone, day_ms):
            if time_ms >= low_ms and time_ms + offset_ms >= local_ms:
                return time_ms
    raise AssertionError(f"{zone} has no {local_ms}")


@dataclass(frozen=True, slots=True)
class Opened:
    """What of a point's line is within operating hours; what is around a span counts as in the line."""

    line: Line
    hours: OpenHours

    def parts(self, span: Span) -> list[Span]:
        """Returns the parts of a span that count."""
        return self.hours.parts(span)

    def length_ms(self, span: Span) -> int:
        """Returns how much of a span counts."""
        return sum(part.length_ms for part in self.parts(span))

    def samples(self, span: Span) -> list[tuple[int, float]]:
        """Returns the samples that may be in a span, with their times."""
        line = self.line
        rows = (line.rows(part) for part in self.parts(span))
        return [pair for part in rows for pair in zip(line.times[part], line.values[part], strict=True)]

    def values(self, span: Span) -> list[float]:
        """Returns the values that may be in a span, in order of time."""
        return [value for _, value in self.samples(span)]

    def sure(self, span: Span) -> int:
        """Returns how many samples of a span must be there."""
        return sum(self.line.sure(part) for part in self.parts(span))

    def held(self, span: Span) -> Held:
        """Returns the held signal in a span."""
        return Held([piece for part in self.parts(span) for piece in self.line.held(part).pieces])

    def starts(self, span: Span) -> int:
        """Returns how many samples in a span are on after one that is off."""
        return sum(self.line.starts(part) for part in self.parts(span))

    def increase(self, span: Span) -> float:
        """Returns the sum of the steps to samples in a span."""
        return sum(self.line.increase(part) for part in self.parts(span))

    def at(self, time_ms: int) -> float | None:
        """Returns the newest sample at or before a time that is held until then."""
        samples = self.samples(Span(time_ms - self.line.hold_ms, time_ms + 1))
        return samples[-1][1] if samples else None

    def between(self, time_ms: int) -> float | None:
        """Returns the line over a time between the samples around it, None where they are too far apart."""
        hold_ms = self.line.hold_ms
        samples = self.samples(Span(time_ms - hold_ms, time_ms + hold_ms + 1))
        after = bisect_right(samples, time_ms, key=itemgetter(0))
        if not 0 < after < len(samples):
            return None
        (first_ms, first), (last_ms, last) = samples[after - 1 : after + 1]
        share = (time_ms - first_ms) / (last_ms - first_ms)
        return first * (1 - share) + last * share if last_ms - first_ms <= hold_ms else None
