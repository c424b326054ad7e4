"""The request that starts an export, and the events of the worker: the schedule's `{}`, or one export."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vitals.errors import InvalidRequestError, TooLargeError
from vitals.model import zones
from vitals.model.points import Catalog
from vitals.model.ranges import Time, parse_range
from vitals.model.records.exports import ExportFormat, ExportPriority
from vitals.model.timespan import DAY_MS, Span

MAX_DAYS = 730
# More names than this are nearly a whole site, and a plan must fit an item of DynamoDB.
MAX_POINTS = 5_000


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """An export as it came in, with its types checked and nothing else; no names means every point.

    Without a timezone, times are in UTC, those of the request and those of the files.
    """

    site: str
    point_names: Sequence[str]
    start: Time
    end: Time
    format: ExportFormat
    priority: ExportPriority
    timezone: str | None = None

    def zone(self) -> str:
        """Returns the zone of the times in the files; InvalidRequestError when they cannot be in it."""
        if self.timezone is None:
            return zones.UTC
        if self.format != "csv":
            raise InvalidRequestError("timezone requires format csv; Parquet files have times in UTC")
        return zones.check_zone(self.timezone)

    def span(self, now_ms: int) -> Span:
        """Returns the range (ranges.parse_range) up to the present; TooLargeError beyond MAX_DAYS."""
        span = parse_range(self.start, self.end, now_ms, zone=self.timezone)
        stored = Span(span.start_ms, min(span.end_ms, now_ms))
        if stored.length_ms > MAX_DAYS * DAY_MS:
            raise TooLargeError(f"the range is longer than {MAX_DAYS} days, the limit of one export")
        return stored

    def point_ids(self, catalog: Catalog) -> tuple[int, ...]:
        """Returns the ids of the named points, none for all; NotFoundError for a name that is unknown."""
        names = list(dict.fromkeys(self.point_names))
        if len(names) > MAX_POINTS:
            raise TooLargeError(
                f"{len(names)} points are named; one export takes at most {MAX_POINTS}, or none for all"
            )
        return tuple(point.id for point in catalog.select(names))


@dataclass(frozen=True, slots=True)
class IdleExports:
    """Send the messages of idle exports again."""


@dataclass(frozen=True, slots=True)
class OneExport:
    """Work on this export."""

    export: str


def parse(event: Mapping[str, Any]) -> IdleExports | OneExport:
    """Returns what the event asks for; InvalidRequestError when it is malformed."""
    if not event:
        return IdleExports()
    match event:
        case {"export": str(export_id)}:
            return OneExport(export_id)
    raise InvalidRequestError('the event must be {} or {"export": ID}')
