"""The buckets of local time, from what the clocks of a zone show: instant by instant, by zoneinfo alone."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from vitals.model.timespan import DAY_MS, HOUR_MS, MINUTE_MS, Span

# Clocks of these years change at a multiple of it, by a multiple of it.
_STEP_MS = 5 * MINUTE_MS
# A bucket that overlaps a span begins after this time before it.
_LONGEST_MS = 9 * DAY_MS
_LENGTHS_MS = {
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "1d": DAY_MS,
    "1w": 7 * DAY_MS,
}
# Local 1970-01-05, a Monday.
_MONDAY_MS = 4 * DAY_MS

type _Key = tuple[int, int]


def buckets(zone: str, resolution: str, span: Span) -> list[Span]:
    """Returns the buckets that a span overlaps, in order.

    A bucket of at most an hour has one offset; a longer one begins when its local time is first reached.
    """
    starts: dict[_Key, int] = {}
    first_ms = span.start_ms - span.start_ms % DAY_MS - _LONGEST_MS
    for day_ms in range(first_ms, span.end_ms + _LONGEST_MS, DAY_MS):
        for key, time_ms in _first_instants(zone, resolution, day_ms):
            starts.setdefault(key, time_ms)
    edges = pairwise(sorted(starts.values()))
    return [Span(low, high) for low, high in edges if low < span.end_ms and span.start_ms < high]


@lru_cache(4_000)
def _first_instants(zone: str, resolution: str, day_ms: int) -> tuple[tuple[_Key, int], ...]:
    """Returns the first instant of a UTC day in each bucket."""
    result: dict[_Key, int] = {}
    for key, time_ms in _instants(zone, resolution, day_ms):
        result.setdefault(key, time_ms)
    return tuple(result.items())


def _instants(zone: str, resolution: str, day_ms: int) -> Iterator[tuple[_Key, int]]:
    length_ms = _LENGTHS_MS[resolution]
    origin_ms = _MONDAY_MS if resolution == "1w" else 0
    for time_ms, offset_ms in offsets(zone, day_ms):
        number = (time_ms + offset_ms - origin_ms) // length_ms
        yield (number, offset_ms if length_ms <= HOUR_MS else 0), time_ms


@lru_cache(1_000)
def offsets(zone: str, day_ms: int) -> tuple[tuple[int, int], ...]:
    """Returns instants of a UTC day, each with how far ahead of UTC the clocks of the zone are."""
    info = ZoneInfo(zone)
    result = []
    for time_ms in range(day_ms, day_ms + DAY_MS, _STEP_MS):
        offset = datetime.fromtimestamp(time_ms / 1000, UTC).astimezone(info).utcoffset()
        assert offset is not None
        result.append((time_ms, int(offset.total_seconds()) * 1000))
    return tuple(result)
