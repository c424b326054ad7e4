"""Local time: the offsets of a zone from UTC, and what its clocks show.

A zone's local time is UTC plus the offset in force.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from vitals.model.samples import Times
from vitals.model.timespan import DAY_MS, MINUTE_MS, Span, check_year, has_offset, parse_instant

# More than any zone's clock is turned; Samoa skipped a day.
LARGEST_SHIFT_MS = 2 * DAY_MS
_NEVER = np.iinfo(np.int64).max


def local_instant(text: str, zone: str) -> Fraction:
    """Returns the epoch milliseconds, exact, of an ISO 8601 time, which is local unless it has an offset.

    A date is the beginning of that day. ValueError when the text is no time, and when the zone has the time
    twice or never.
    """
    time_ms = parse_instant(text)
    if has_offset(text):
        return time_ms
    whole_ms = check_year(time_ms // 1)
    offsets = Offsets.of(zone, Span(whole_ms - LARGEST_SHIFT_MS, whole_ms + LARGEST_SHIFT_MS))
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
    return Offsets.of(zone, Span(int(times.min()), int(times.max()) + 1)).at(times)


@lru_cache(1_024)
def offset_text(offset_ms: int) -> str:
    """Returns an offset as in ISO 8601, such as -06:00."""
    minutes = abs(offset_ms) // MINUTE_MS
    return f"{'-' if offset_ms < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


def first_instants(local: Times, zone: str) -> Times:
    """Returns the first instant at which local time is at least each of these, which are in order."""
    if not len(local):
        return local
    span = Span(int(local[0]) - LARGEST_SHIFT_MS, int(local[-1]) + LARGEST_SHIFT_MS)
    return Offsets.of(zone, span).first_instants(local)


@dataclass(frozen=True, slots=True)
class Offsets:
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
