"""What the store must hold of what ACE serves, by rules written apart from the product's own.

It shares no code with `vitals` on purpose: a mistake there must not repeat itself here.
"""

import calendar
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

type Sample = tuple[str, int, float]
"""(point name, UTC ms, value)"""

_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d(?::?\d\d)?)", re.ASCII
)
# Nothing older is stored.
_EARLIEST = calendar.timegm((1990, 1, 1, 0, 0, 0)) * 1000
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_ONES, _ZEROS = {"true", "active", "on"}, {"false", "inactive", "off"}


def expected(
    readings: Iterable[Mapping[str, Any]], configured: Collection[str]
) -> dict[tuple[str, int], float]:
    """Every sample of the readings by (point, time); the last of several with one key stands."""
    found: dict[tuple[str, int], float] = {}
    for reading in readings:
        value, at = number(reading["value"]), milliseconds(reading["time"])
        if reading["name"] in configured and value is not None and at is not None:
            found[reading["name"], at] = value
    return found


def number(value: Any) -> float | None:
    """The value as a float when it is one."""
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _ONES or word in _ZEROS:
            return 1.0 if word in _ONES else 0.0
        if not _NUMBER.fullmatch(value):
            return None
    elif not isinstance(value, (int, float)):
        return None
    parsed = float(value)
    return parsed if abs(parsed) < float("inf") else None


def milliseconds(text: Any) -> int | None:
    """The time in UTC ms, cut to the millisecond, when it is one of 1990 or later."""
    match = _TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, zone = match[7] or "", match[8]
    ends_the_day = (hour, minute, second) == (24, 0, 0) and not fraction.strip("0")
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(max(year, 1), month)[1] or year == 0:
        return None
    if minute > 59 or second > 59 or (hour > 23 and not ends_the_day):
        return None
    seconds = calendar.timegm((year, month, day, hour, minute, second))
    if zone not in ("Z", "z"):
        hours, minutes = int(zone[1:3]), int(zone[3:].strip(":") or 0)
        if hours > 23 or minutes > 59:
            return None
        seconds -= (hours * 3600 + minutes * 60) * (1 if zone[0] == "+" else -1)
    at = seconds * 1000 + int((fraction + "000")[:3])
    return at if at >= _EARLIEST else None
