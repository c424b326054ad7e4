"""What an event asks for: pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vitals.errors import InvalidRequestError
from vitals.model.timespan import EARLIEST_MS, day_name, day_start
from vitals.site_name import check_site


@dataclass(frozen=True, slots=True)
class EveryDueDay:
    """Send one message per due day of every site."""


@dataclass(frozen=True, slots=True)
class OneDay:
    """Archive this day of the site now."""

    site: str
    day_ms: int


def parse(event: Mapping[str, Any], now_ms: int) -> EveryDueDay | OneDay:
    """The event's meaning; InvalidRequestError where it has none."""
    if not event:
        return EveryDueDay()
    if set(event) != {"site", "date"} or not all(isinstance(value, str) for value in event.values()):
        raise InvalidRequestError('an event is {} or {"site", "date"}')
    try:
        day_ms = day_start(event["date"])
    except ValueError as error:
        raise InvalidRequestError(f"date is a day: {error}") from None
    if day_ms < EARLIEST_MS:
        raise InvalidRequestError(f"date is before {day_name(EARLIEST_MS)}; nothing older is stored")
    if day_ms > now_ms:
        raise InvalidRequestError("date is in the future")
    return OneDay(check_site(event["site"]), day_ms)
