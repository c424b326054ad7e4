"""Random questions about stored samples: some points of a site in a time range."""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

from operations.errors import OperatorError

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
_MAX_AGE_MS = 60 * DAY_MS
_MAX_POINTS = 100
# The upstream cannot filter by point: for one question it sends the readings of every point.
_MAX_READINGS = 300_000
_MIN_MINUTES, _MAX_MINUTES = 5, 12 * 60


@dataclass(frozen=True, slots=True)
class SiteSpan:
    """The time [start_ms, end_ms) of a site."""

    site: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Question:
    """Some points of a site in [start_ms, end_ms)."""

    site: str
    names: tuple[str, ...]
    start_ms: int
    end_ms: int

    def __str__(self) -> str:
        return f"{self.site} {iso(self.start_ms)} to {iso(self.end_ms)}"


def spans(synced: Mapping[str, tuple[int, int]], days: range | None) -> list[SiteSpan]:
    """Returns the spans that questions may fall into: what is synced, or the given days of it.

    `days` holds the starts of UTC days in ms; OperatorError when one of them is not synced yet.
    """
    if days is None:
        return [SiteSpan(site, start_ms, end_ms) for site, (start_ms, end_ms) in sorted(synced.items())]
    by_day = [
        SiteSpan(site, day, min(day + DAY_MS, end_ms))
        for site, (_, end_ms) in sorted(synced.items())
        for day in days
    ]
    if not by_day or any(span.start_ms >= span.end_ms for span in by_day):
        raise OperatorError("--start must not be after --end, and --end must be a day that is synced")
    return by_day


def questions(
    site_spans: Sequence[SiteSpan], names: Mapping[str, list[str]], chance: random.Random
) -> Iterator[Question]:
    """Yields random questions without end, about each span in turn; `names` are the points of each site."""
    for span in cycle(site_spans):
        yield _question(span, names[span.site], chance)


def _question(span: SiteSpan, names: list[str], chance: random.Random) -> Question:
    """Returns a question from anywhere in the span, so that hot, cold and mixed ranges all occur."""
    age_ms = max((_MIN_MINUTES + 1) * MINUTE_MS, min(span.end_ms - span.start_ms, _MAX_AGE_MS))
    longest = min(_MAX_MINUTES, max(10, _MAX_READINGS // len(names)), age_ms // MINUTE_MS - 1)
    minutes = chance.randint(_MIN_MINUTES, max(_MIN_MINUTES, longest))
    length_ms = minutes * MINUTE_MS + chance.randrange(MINUTE_MS)
    end_ms = span.end_ms - chance.randrange(max(1, age_ms - length_ms))
    points = chance.sample(names, chance.randint(1, min(_MAX_POINTS, len(names))))
    return Question(span.site, tuple(points), end_ms - length_ms, end_ms)


def iso(time_ms: int) -> str:
    """Returns a UTC time in ISO 8601 with milliseconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time_ms // 1000)) + f".{time_ms % 1000:03d}Z"
