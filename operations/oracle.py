"""What the store must hold of what ACE serves, by rules written separately from the product's own.

It deliberately shares no code with `vitals`, so that a mistake there is not repeated here.
"""

import calendar
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

type Samples = dict[tuple[str, int], float]
"""Values by (point name, UTC ms)."""
type States = Mapping[str, Mapping[str, float]]
"""The numbers of state texts that people set, by point name."""

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d(?::?\d\d)?)", re.ASCII
)
# Readings from before 1990 are not stored.
_EARLIEST_MS = calendar.timegm((1990, 1, 1, 0, 0, 0)) * 1000
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_ONES, _ZEROS = {"true", "active", "on"}, {"false", "inactive", "off"}


def expected(
    readings: Iterable[Mapping[str, Any]], configured: Collection[str], states: States | None = None
) -> Samples:
    """Returns the samples of the readings of configured points; the last of several at one time counts."""
    samples: Samples = {}
    for reading in readings:
        of_point = (states or {}).get(reading["name"], {})
        value, time_ms = number(reading["value"], of_point), milliseconds(reading["time"])
        if reading["name"] in configured and value is not None and time_ms is not None:
            samples[reading["name"], time_ms] = value
    return samples


def number(value: Any, states: Mapping[str, float] | None = None) -> float | None:
    """Returns the value as a finite float, None when it is not one and names none of the states."""
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if isinstance(value, str):
        word = value.strip().lower()
        for text, state in (states or {}).items():
            if text.strip().casefold() == value.strip().casefold():
                return state
        if word in _ONES or word in _ZEROS:
            return 1.0 if word in _ONES else 0.0
        if not _NUMBER.fullmatch(value):
            return None
    elif not isinstance(value, (int, float)):
        return None
    parsed = float(value)
    return parsed if abs(parsed) < float("inf") else None


def milliseconds(text: Any) -> int | None:
    """Returns the time in UTC ms, truncated; None when it is not a time in 1990 or later."""
    match = _TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    seconds, offset = _seconds(match), _offset(match[8])
    if seconds is None or offset is None:
        return None
    time_ms = (seconds - offset) * 1000 + int(((match[7] or "") + "000")[:3])
    return time_ms if time_ms >= _EARLIEST_MS else None


def _seconds(match: re.Match[str]) -> int | None:
    """Returns the time on the clock in seconds since 1970, None when no clock shows it."""
    year, month, day, hour, minute, second = (int(digits) for digits in match.groups()[:6])
    ends_the_day = (hour, minute, second) == (24, 0, 0) and not (match[7] or "").strip("0")
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(max(year, 1), month)[1] or year == 0:
        return None
    if minute > 59 or second > 59 or (hour > 23 and not ends_the_day):
        return None
    return calendar.timegm((year, month, day, hour, minute, second))


def _offset(zone: str) -> int | None:
    """Returns the offset from UTC in seconds, None when it is out of range."""
    if zone in ("Z", "z"):
        return 0
    hours, minutes = int(zone[1:3]), int(zone[3:].strip(":") or 0)
    if hours > 23 or minutes > 59:
        return None
    return (hours * 3600 + minutes * 60) * (1 if zone[0] == "+" else -1)
