"""The events a sync answers to: the schedule's `{}`, one site, or one site's span."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vitals.errors import InvalidRequestError
from vitals.keys import check_site
from vitals.timespan import DAY_MS, Span, parse_time

# A span is read hour by hour in one invocation: a day is 25 steps and fits its 300 s; years are a backfill.
_LONGEST_SPAN_MS = DAY_MS


@dataclass(frozen=True, slots=True)
class EverySite:
    """Send one message per enabled site."""


@dataclass(frozen=True, slots=True)
class OneSite:
    """Sync this site on from its checkpoint."""

    site: str


@dataclass(frozen=True, slots=True)
class OneSpan:
    """Read this span of the site again."""

    site: str
    span: Span


def parse(event: Mapping[str, Any], now_ms: int) -> EverySite | OneSite | OneSpan:
    """The event's meaning; InvalidRequestError where it has none."""
    if not event:
        return EverySite()
    unknown = set(event) - {"site", "start", "end"}
    site = event.get("site")
    if unknown or not isinstance(site, str) or ("start" in event) != ("end" in event):
        raise InvalidRequestError('an event is {}, {"site"} or {"site", "start", "end"}')
    check_site(site)
    if "start" not in event:
        return OneSite(site)
    try:
        span = Span(parse_time(event["start"]), min(parse_time(event["end"]), now_ms))
    except (ValueError, TypeError) as error:
        raise InvalidRequestError(f"start and end are ISO 8601 times: {error}") from None
    if not span:
        raise InvalidRequestError("start must be before end, and not in the future")
    if span.length_ms > _LONGEST_SPAN_MS:
        raise InvalidRequestError("a span has at most 24 hours; longer ones are a backfill")
    return OneSpan(site, span)
