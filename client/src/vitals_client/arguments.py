"""Converts arguments of the client to parameters of the API."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from operator import index
from typing import Any

type Time = datetime | date | str | int
"""A datetime with a time zone, a day in UTC, ISO 8601, epoch milliseconds, or a numpy.datetime64 in UTC."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MAX_NAMES = 500


def time(value: Time) -> str | int:
    """Returns a time as the API takes it, without loss of precision.

    A datetime becomes text, because the API could take its number for another unit.
    """
    match value:
        case str():
            return value
        case datetime():
            if value.utcoffset() is None:
                raise ValueError(f"{value!r} has no time zone")
            return _instant(value)
        case date():
            return value.isoformat()
    # Tested by name, because numpy need not be installed.
    if type(value).__name__ == "datetime64":
        return _utc_text(value)
    try:
        return index(value)
    except TypeError:
        raise TypeError(
            f"{value!r} is not a time; use a datetime with a time zone, a date, ISO 8601 text or whole "
            "epoch milliseconds"
        ) from None


def _instant(moment: datetime) -> str | int:
    """Returns the datetime in UTC, because historic time zones have offsets with seconds."""
    try:
        instant = moment.astimezone(UTC)
    except OverflowError:
        instant = None
    # A pandas.Timestamp has a year 0.
    if instant and 1 <= instant.year <= 9999:
        return instant.isoformat()
    # Hours before year 1 or after 9999 have no ISO 8601 text. No such number can be taken for another unit.
    return int(-(-(moment - _EPOCH) // _MILLISECOND))


def _utc_text(instant: Any) -> str:
    """Returns a numpy.datetime64 as ISO 8601 with every digit."""
    coarse = re.search(r"\[\d*[YMWDhm]\]", str(instant.dtype))
    text = str(instant.astype("datetime64[s]") if coarse else instant)
    if text == "NaT":
        raise ValueError("NaT is not a time")
    return f"{text}Z"


def names(points: Iterable[str]) -> list[str]:
    """Returns the point names; TypeError for a single name, which would be split into letters."""
    return texts("points", points)


def texts(argument: str, values: Iterable[str]) -> list[str]:
    """Returns the texts of an argument; TypeError for a single one."""
    if isinstance(values, str):
        noun = "tags" if argument == "tags" else "names"
        raise TypeError(f"{argument} must be a list of {noun}, not one {noun[:-1]}: {values!r}")
    return list(values)


def groups(points: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yields the names in groups that fit one request."""
    for start in range(0, len(points), _MAX_NAMES):
        yield points[start : start + _MAX_NAMES]
