"""The events of the sync: the schedule's `{}`, one site, or one site's span."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vitals.errors import InvalidRequestError
from vitals.model.ranges import parse_range
from vitals.model.timespan import DAY_MS, EARLIEST_MS, Span, day_name
from vitals.site_name import check_site

# One invocation reads a span page by page: a day of 4,583 points with names of usual length is 14 pages and
# fits its 300 s; more is a backfill.
_LONGEST_SPAN_MS = DAY_MS


@dataclass(frozen=True, slots=True)
class EverySite:
    """Send one message per enabled site."""


@dataclass(frozen=True, slots=True)
class OneSite:
    """Sync this site from its checkpoint on."""

    site: str


@dataclass(frozen=True, slots=True)
class OneSpan:
    """Read this span of the site again."""

    site: str
    span: Span


def parse(event: Mapping[str, Any], now_ms: int) -> EverySite | OneSite | OneSpan:
    """Returns what the event asks for; InvalidRequestError when it is malformed."""
    if not event:
        return EverySite()
    unknown = set(event) - {"site", "start", "end"}
    site = event.get("site")
    if unknown or not isinstance(site, str) or ("start" in event) != ("end" in event):
        raise InvalidRequestError(
            'the event must be {}, {"site": S} or {"site": S, "start": ISO, "end": ISO}'
        )
    check_site(site)
    if "start" not in event:
        return OneSite(site)
    span = parse_range(event["start"], event["end"], now_ms, ("start", "end"))
    span = Span(span.start_ms, min(span.end_ms, now_ms))
    if not span:
        raise InvalidRequestError(f"the span must overlap the time from {day_name(EARLIEST_MS)} to now")
    if span.length_ms > _LONGEST_SPAN_MS:
        raise InvalidRequestError("a span must have at most 24 hours; start a backfill for more")
    return OneSpan(site, span)
