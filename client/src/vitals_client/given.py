"""What callers give, as the API takes it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from operator import index
from typing import Any

type Time = datetime | date | str | int
"""A datetime with its zone, a day in UTC, ISO 8601, or epoch milliseconds; a numpy.datetime64 is in UTC."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_NAMES_A_REQUEST = 500


def time(given: Time) -> str | int:
    """The time for the API, with every digit; a datetime is a text, for its number may look like another."""
    match given:
        case str():
            return given
        case datetime():
            if given.utcoffset() is None:
                raise ValueError(f"{given!r} has no time zone")
            return _instant(given)
        case date():
            return given.isoformat()
    # Of numpy, which need not be installed.
    if type(given).__name__ == "datetime64":
        return _utc_text(given)
    try:
        return index(given)
    except TypeError:
        raise TypeError(
            f"{given!r} is not a time: use a datetime with a zone, a date, ISO 8601 or whole milliseconds"
        ) from None


def _instant(moment: datetime) -> str | int:
    """The datetime in UTC, for zones of long ago have offsets with seconds."""
    try:
        instant = moment.astimezone(UTC)
    except OverflowError:
        instant = None
    # A pandas.Timestamp has a year 0.
    if instant and 1 <= instant.year <= 9999:
        return instant.isoformat()
    # Hours before year 1 or after 9999 have no text, and no such number is taken for another unit.
    return int(-(-(moment - _EPOCH) // _MILLISECOND))


def _utc_text(instant: Any) -> str:
    """ISO 8601 with each digit of a numpy.datetime64."""
    coarse = re.search(r"\[\d*[YMWDhm]\]", str(instant.dtype))
    text = str(instant.astype("datetime64[s]") if coarse else instant)
    if text == "NaT":
        raise ValueError("NaT is not a time")
    return f"{text}Z"


def names(points: Iterable[str]) -> list[str]:
    """The names; TypeError for one name, whose letters nobody means."""
    if isinstance(points, str):
        raise TypeError(f"points is a list of names, not {points!r} alone")
    return list(points)


def groups(points: Sequence[str]) -> Iterator[Sequence[str]]:
    """The names in groups that one request takes."""
    for start in range(0, len(points), _NAMES_A_REQUEST):
        yield points[start : start + _NAMES_A_REQUEST]
