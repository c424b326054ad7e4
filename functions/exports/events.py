"""The request that starts an export, and the events of the worker: the schedule's `{}`, or one export."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vitals.errors import InvalidRequestError, NotFoundError, TooLargeError
from vitals.model import zones
from vitals.model.measures import sums
from vitals.model.points import Catalog
from vitals.model.ranges import Time, parse_range
from vitals.model.records.exports import ExportForm, ExportFormat, ExportPriority
from vitals.model.timespan import DAY_MS, Span
from vitals.reading.points.tags import tagged
from vitals.reading.request import MAX_POINTS as MAX_COLUMNS
from vitals.reading.request import check_bytes, check_lengths

MAX_DAYS = 730
# More names than this are nearly a whole site, and a plan must fit an item of DynamoDB.
MAX_POINTS = 5_000
_OF_BUCKETS = ("measure", "fill", "week_start", "units", "hours", "days")


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """An export as it came in, with its types checked and nothing else; no names or tags means every point.

    Without a timezone, times of the request are in UTC. So are those of samples in the files; buckets are of
    the site's local time.
    """

    site: str
    point_names: Sequence[str]
    start: Time
    end: Time
    format: ExportFormat
    priority: ExportPriority
    timezone: str | None = None
    form: ExportForm = "series"
    resolution: str = "raw"
    measure: str | None = None
    fill: str | None = None
    week_start: str | None = None
    units: str | None = None
    hours: str | None = None
    days: str | None = None
    tags: Sequence[str] = ()

    @property
    def is_of_buckets(self) -> bool:
        """Whether the rows are those of buckets, and not samples."""
        return self.form == "table" or self.resolution != "raw"

    def check(self) -> None:
        """Raises InvalidRequestError for parameters that exclude one another."""
        if self.resolution == "auto":
            raise InvalidRequestError("resolution must be raw or the length of the buckets, such as 1h")
        check_lengths(self.point_names)
        if self.point_names and self.tags:
            raise InvalidRequestError("use either point names or tag, not both")
        for name in () if self.is_of_buckets else _OF_BUCKETS:
            if getattr(self, name) is not None:
                raise InvalidRequestError(f"{name} is for buckets; use it with another resolution than raw")

    def zone(self, site_zone: str) -> str:
        """Returns the zone of buckets, and of times as text; InvalidRequestError for files without such."""
        if self.is_of_buckets:
            return site_zone if self.timezone is None else zones.check_zone(self.timezone)
        if self.timezone is None:
            return zones.UTC
        if self.format not in ("csv", "json"):
            raise InvalidRequestError(
                "timezone requires format csv or json; Parquet and Arrow files have times in UTC"
            )
        return zones.check_zone(self.timezone)

    def span(self, now_ms: int) -> Span:
        """Returns the range (ranges.parse_range) up to the present; TooLargeError beyond MAX_DAYS."""
        span = parse_range(self.start, self.end, now_ms, zone=self.timezone)
        stored = Span(span.start_ms, min(span.end_ms, now_ms))
        if stored.length_ms > MAX_DAYS * DAY_MS:
            raise TooLargeError(f"the range is longer than {MAX_DAYS} days, the limit of one export")
        return stored

    def columns(self, catalog: Catalog) -> tuple[str, ...]:
        """Returns the names of a table's columns, without names every active point; none of series.

        TooLargeError for too many, NotFoundError for a point that is unknown.
        """
        if self.form != "table":
            return ()
        names = self._names(catalog) or tuple(point.name for point in catalog.active)
        operands = sums.names(names)
        if len(names) > MAX_COLUMNS or len(operands) > MAX_COLUMNS:
            raise TooLargeError(
                f"a table has at most {MAX_COLUMNS} columns and points, and this one {len(names):,} and"
                f" {len(operands):,}; name fewer, use tag, or form=series"
            )
        check_bytes(names)
        catalog.select(operands)
        return names

    def _names(self, catalog: Catalog) -> tuple[str, ...]:
        """Returns the names requested, none for all points; NotFoundError when no point has the tags."""
        if not self.tags:
            return tuple(dict.fromkeys(self.point_names))
        names = sorted(point.name for point in tagged(catalog.active, self.tags))
        if not names:
            raise NotFoundError("no point of the site has all of these tags")
        return tuple(names)

    def point_ids(self, catalog: Catalog) -> tuple[int, ...]:
        """Returns the ids of the selected points, none for all; NotFoundError for a name that is unknown.

        Those of a table are all that its columns have.
        """
        names = sums.names(self.columns(catalog)) or self._names(catalog)
        if len(names) > MAX_POINTS:
            raise TooLargeError(
                f"{len(names)} points are selected; one export takes at most {MAX_POINTS}, or none for all"
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
