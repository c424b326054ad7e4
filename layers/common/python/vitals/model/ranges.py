"""Parses ranges of time and of days from requests, with one rule for their edges."""

import contextlib
import math
import re
from fractions import Fraction

from vitals.errors import InvalidRequestError
from vitals.model.measures.local_time import local_instant
from vitals.model.timespan import DAY_MS, EARLIEST_MS, Span, day_name, day_start, iso, parse_instant

# Characters of an edge; enough for more digits than any clock has.
MAX_TEXT = 100
# Four digits are a year; times of fewer digits are before EARLIEST_MS.
_NUMBER = re.compile(r"0|-?\d{5,}(\.\d+)?", re.ASCII)
_DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?")
_UNIT_MS = {"seconds": Fraction(1000), "microseconds": Fraction(1, 1000), "nanoseconds": Fraction(1, 10**6)}
_FIRST_MS, _END_MS = day_start("0001-01-01"), day_start("9999-12-31") + DAY_MS
# A number up to this far ahead of now is a plausible time.
_YEAR_MS = 366 * DAY_MS
# The seconds of 1973 to 2106, the end of 32 bits; as milliseconds they are all in early 1970.
_SECONDS = range(10**8, 2**32)

type Time = str | float
"""ISO 8601, or epoch milliseconds as a number or its digits."""


def parse_range(
    start: Time,
    end: Time,
    now_ms: int,
    names: tuple[str, str] = ("start_time", "end_time"),
    zone: str | None = None,
) -> Span:
    """Returns [start, end) in whole milliseconds, from EARLIEST_MS on.

    An edge between two milliseconds becomes the later one, so that the span has exactly the samples of the
    requested range; it is empty when no sample of the range can be stored. InvalidRequestError, with
    `names` as the edges' names, when an edge is not a time, or the range is empty or in the future.
    A time without an offset is UTC, or local time where there is a `zone`, an IANA name.
    """
    first, last = (_edge(name, time, now_ms, zone) for name, time in zip(names, (start, end), strict=True))
    if first >= last:
        raise InvalidRequestError(f"{names[0]} must be before {names[1]}")
    if first > now_ms:
        raise InvalidRequestError(f"{names[0]} is in the future")
    return Span(max(EARLIEST_MS, math.ceil(first)), max(EARLIEST_MS, math.ceil(last)))


def parse_days(
    start_date: str, end_date: str, now_ms: int, names: tuple[str, str] = ("start_date", "end_date")
) -> Span:
    """Returns the UTC days (YYYY-MM-DD), both included, from EARLIEST_MS on.

    InvalidRequestError, with `names` as the edges' names, when a date is not a day, when they are in the
    wrong order, and when the last one is in the future or before EARLIEST_MS.
    """
    first_ms, last_ms = (_date(name, text) for name, text in zip(names, (start_date, end_date), strict=True))
    if first_ms > last_ms:
        raise InvalidRequestError(f"{names[0]} must not be after {names[1]}")
    _check_storable(names[1], last_ms, now_ms)
    return Span(max(EARLIEST_MS, first_ms), last_ms + DAY_MS)


def parse_day(date: str, now_ms: int, name: str = "date") -> int:
    """Returns the start of one UTC day (YYYY-MM-DD); errors are those of `parse_days`."""
    day_ms = _date(name, date)
    _check_storable(name, day_ms, now_ms)
    return day_ms


def _date(name: str, text: str) -> int:
    try:
        return day_start(text)
    except ValueError as error:
        raise InvalidRequestError(f"{name} must be a day: {error}") from None


def _check_storable(name: str, day_ms: int, now_ms: int) -> None:
    if day_ms > now_ms:
        raise InvalidRequestError(f"{name} is in the future")
    if day_ms < EARLIEST_MS:
        raise InvalidRequestError(f"{name} is before {day_name(EARLIEST_MS)}; nothing older is stored")


def _edge(name: str, time: Time, now_ms: int, zone: str | None) -> Fraction:
    """Returns the time in ms since 1970, exact."""
    if isinstance(time, str) and len(time) > MAX_TEXT:
        raise InvalidRequestError(f"{name} must have at most {MAX_TEXT} characters")
    try:
        if isinstance(time, str) and not _NUMBER.fullmatch(time):
            return parse_instant(time) if zone is None else local_instant(time, zone)
        return _epoch_ms(time, now_ms)
    except ValueError as error:
        raise InvalidRequestError(f"{name} must be ISO 8601 or epoch milliseconds: {error}") from None


def _epoch_ms(time: Time, now_ms: int) -> Fraction:
    """Returns the number; ValueError with its likely meaning when it is not a plausible time in ms."""
    if isinstance(time, bool) or not isinstance(time, (str, int, float)):
        raise ValueError("expected text or a number")
    if isinstance(time, float) and not math.isfinite(time):
        raise ValueError(f"{time} is not a time")
    number = Fraction(time)
    meaning = "" if _plausible(number, now_ms) else _likely_meaning(number, now_ms)
    if meaning:
        raise ValueError(f"{time} looks like {meaning}")
    if not _FIRST_MS - DAY_MS <= number <= _END_MS + DAY_MS:
        raise ValueError("the number is outside the years 1 to 9999")
    return number


def _likely_meaning(number: Fraction, now_ms: int) -> str:
    """Returns the likely meaning of a number that is a time in another unit or form, or an empty text."""
    for unit, length_ms in _UNIT_MS.items():
        time_ms = math.floor(number * length_ms)
        if _plausible(time_ms, now_ms) or (unit == "seconds" and math.floor(number) in _SECONDS):
            return f"{unit}; give milliseconds: {time_ms} ({iso(time_ms)})"
    match = _DIGITS.fullmatch(str(number))
    if match:
        year, month, day, *clock = (digits for digits in match.groups() if digits)
        text = f"{year}-{month}-{day}" + (f"T{':'.join(clock)}Z" if clock else "")
        with contextlib.suppress(ValueError):
            if _plausible(parse_instant(text), now_ms):
                return f"a date; write {text}"
    return ""


def _plausible(time_ms: Fraction | int, now_ms: int) -> bool:
    return EARLIEST_MS <= time_ms <= now_ms + _YEAR_MS
