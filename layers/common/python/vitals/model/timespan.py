"""Half-open spans of UTC milliseconds, five-minute windows, and times as ISO 8601."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
WINDOW_MS = 5 * MINUTE_MS
WINDOWS_PER_DAY = DAY_MS // WINDOW_MS

# Nothing earlier is stored, so that all components agree on where time begins: 1990-01-01. The Glue table's
# projection of days begins there too (template.yaml).
EARLIEST_MS = 631_152_000_000
# Gateways' clocks run ahead by seconds; a reading further ahead than this is a broken clock.
FUTURE_TOLERANCE_MS = 5 * MINUTE_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_MILLISECOND = timedelta(milliseconds=1)
_MIN_MS = -62_135_596_800_000
_MAX_MS = 253_402_300_799_999
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d):([0-5]\d)(?::([0-5]\d)(?:[.,](\d+))?)?([Zz]|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
_ZONE = re.compile(r"([+-])([01]\d|2[0-3]):?([0-5]\d)?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """[start_ms, end_ms) in UTC milliseconds."""

    start_ms: int
    end_ms: int

    def __bool__(self) -> bool:
        return self.start_ms < self.end_ms

    @property
    def length_ms(self) -> int:
        return max(0, self.end_ms - self.start_ms)

    def whole_windows(self) -> "Span":
        """Returns the smallest span of whole windows that contains this one."""
        return Span(floor_window(self.start_ms), ceil_window(self.end_ms))

    def pieces(self, length_ms: int) -> Iterator["Span"]:
        """Yields consecutive spans of at most `length_ms` that together are this one."""
        for start in range(self.start_ms, self.end_ms, length_ms):
            yield Span(start, min(start + length_ms, self.end_ms))

    def __str__(self) -> str:
        return f"{iso(self.start_ms)}/{iso(self.end_ms)}"


def floor_window(time_ms: int) -> int:
    """Returns the start of the window in which the time lies."""
    return time_ms - time_ms % WINDOW_MS


def ceil_window(time_ms: int) -> int:
    """Returns the time if a window starts there, else the start of the next window."""
    return -floor_window(-time_ms)


def iso(time_ms: int) -> str:
    """Returns the time as ISO 8601 in UTC, with milliseconds only when there are any."""
    text = (_EPOCH + time_ms * _MILLISECOND).isoformat()[:19]
    return f"{text}.{time_ms % 1000:03d}Z" if time_ms % 1000 else f"{text}Z"


def day_name(time_ms: int) -> str:
    """Returns the UTC day of a time as YYYY-MM-DD."""
    return iso(time_ms)[:10]


def day_start(name: str) -> int:
    """Returns the first millisecond of the UTC day YYYY-MM-DD; ValueError when the name is not a day."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", name, re.ASCII):
        raise ValueError(f"{name!r} is not a day of the form YYYY-MM-DD")
    return (date.fromisoformat(name).toordinal() - _EPOCH_DAY) * DAY_MS


def parse_instant(text: str, *, zoned: bool = False) -> Fraction:
    """Returns the epoch milliseconds, exact, of an ISO 8601 time; ValueError otherwise.

    A time without an offset is UTC, or an error where it must be `zoned`. 24:00:00 is the end of the day.
    """
    match = _ISO.fullmatch(text)
    if not match or (zoned and not match[6]):
        raise ValueError(f"{text!r} is not of the form 2026-01-31T12:00:00Z")
    day, hour, minute, second, digits, zone = match.groups()
    fraction = Fraction(int(digits or 0), 10 ** len(digits or ""))
    seconds = 3600 * int(hour or 0) + 60 * int(minute or 0) + int(second or 0) + fraction
    if seconds > DAY_MS // 1000:
        raise ValueError(f"{text!r} is not a time of day; a day ends at 24:00:00")
    return day_start(day) + 1000 * (seconds - _offset_s(zone or "Z"))


def has_offset(text: str) -> bool:
    """Returns whether an ISO 8601 time names its offset from UTC."""
    match = _ISO.fullmatch(text)
    return bool(match and match[6])


def _offset_s(zone: str) -> int:
    if zone in "Zz":
        return 0
    match = _ZONE.fullmatch(zone)
    if not match:
        raise ValueError(f"{zone} is not an offset from UTC")
    return int(match[1] + "1") * (3600 * int(match[2]) + 60 * int(match[3] or 0))


def parse_iso(text: str) -> int:
    """Returns the epoch milliseconds (floor) of an ISO 8601 time; ValueError otherwise.

    A time without an offset is UTC.
    """
    return check_year(parse_instant(text) // 1)


def check_year(time_ms: int) -> int:
    """Returns the time when it is in the years 1 to 9999, which ISO 8601 can write; ValueError otherwise."""
    if not _MIN_MS <= time_ms <= _MAX_MS:
        raise ValueError("the time is outside the years 1 to 9999")
    return time_ms
