"""The events of archiving: the schedule's `{}`, or one day of a site."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vitals.errors import InvalidRequestError
from vitals.model.ranges import parse_day
from vitals.model.site_day import SiteDay
from vitals.site_name import check_site


@dataclass(frozen=True, slots=True)
class EveryDueDay:
    """Send one message per due day of every site."""


@dataclass(frozen=True, slots=True)
class OneDay:
    """Archive this day now."""

    day: SiteDay


def parse(event: Mapping[str, Any], now_ms: int) -> EveryDueDay | OneDay:
    """Returns what the event asks for; InvalidRequestError when it is malformed."""
    if not event:
        return EveryDueDay()
    if set(event) != {"site", "date"} or not all(isinstance(value, str) for value in event.values()):
        raise InvalidRequestError('the event must be {} or {"site": S, "date": "YYYY-MM-DD"}')
    day_ms = parse_day(event["date"], now_ms)
    return OneDay(SiteDay(check_site(event["site"]), day_ms))
