"""A query as requested: its fields, its limits, and the checks that need no catalog."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from vitals.errors import InvalidRequestError, TooLargeError
from vitals.model.measures import sums
from vitals.model.points import MAX_NAME
from vitals.model.ranges import Time, parse_range
from vitals.model.timespan import DAY_MS, FUTURE_TOLERANCE_MS, Span

MAX_POINTS = 500
# Of all sums of a request, and of all columns of an export.
MAX_NAME_BYTES = 200_000
# 100,000 samples are 3.4 MB of JSON at 17 digits each; a Lambda response carries 6 MB.
MAX_SAMPLES = 100_000
# A row of aggregates is seven numbers, 120 bytes of JSON.
MAX_ROWS = 30_000
# A value of a table is shorter than a sample: the columns share the times.
MAX_VALUES = 100_000
MAX_COLUMNS = 10_000
# Those of which something is computed at once are in memory: 100 MB.
MAX_SAMPLES_AT_ONCE = 5_000_000
# Ten thousand years: one column of any range, in 64 bits.
LONGEST_INTERVAL_MS = 3_652_500 * DAY_MS
DEFAULT_MAX_POINTS = 1_000
Form = Literal["series", "table"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The most rows that one answer may have in its format."""

    samples: int
    aggregates: int


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """The parameters of a query: their types are checked, their values are not.

    `point_names` of a request with `tags` are those that have the tags.
    """

    site: str
    point_names: Sequence[str]
    start: Time
    end: Time
    resolution: str = "auto"
    max_points: int | None = None
    next_token: str | None = None
    width: int | None = None
    method: str | None = None
    media_type: str = "application/json"
    limits: Limits | None = None
    interval_ms: int | None = None
    timezone: str | None = None
    week_start: str | None = None
    measure: str | None = None
    units: str | None = None
    form: Form = "series"
    fill: str | None = None
    tags: Sequence[str] = ()
    hours: str | None = None
    days: str | None = None
    exclude: str | None = None

    @property
    def is_table(self) -> bool:
        """Whether the answer is a table with a row for each bucket."""
        return self.form == "table"

    @property
    def has_buckets(self) -> bool:
        """Whether the answer is of buckets, never of samples."""
        return self.is_table or any(value is not None for value in (self.measure, self.hours, self.days))

    @property
    def is_chart(self) -> bool:
        """Whether the rows are reduced to the columns of a chart; `max_points` alone chooses a resolution."""
        return any(value is not None for value in (self.width, self.interval_ms, self.method))

    def distinct_names(self) -> tuple[str, ...]:
        """Returns the names in the order requested, without repetition; InvalidRequestError if none."""
        names = tuple(dict.fromkeys(self.point_names))
        if not names:
            raise InvalidRequestError("point_names must contain at least one point")
        check_lengths(names)
        self.check_count(names)
        # The names of points are limited by their number and their length.
        check_bytes(name for name in names if name.startswith(sums.PREFIX))
        return names

    @property
    def excludes_flagged(self) -> bool:
        """Whether flagged samples are left out; InvalidRequestError for another text than `bad`."""
        if self.exclude not in (None, "bad"):
            raise InvalidRequestError("exclude must be bad")
        return self.exclude is not None

    def check_count(self, names: Sequence[str]) -> None:
        """Raises TooLargeError for more points than a query takes."""
        if len(names) > MAX_POINTS:
            raise TooLargeError(
                f"{len(names)} points requested; a query takes at most {MAX_POINTS}."
                " Use POST /exports for more."
            )

    def span(self, now_ms: int, max_days: int) -> Span:
        """Returns the range requested; errors are those of parse_span.

        Times without an offset are UTC, or local where the request has a timezone.
        """
        advice = "; POST /exports takes up to 730 days"
        return parse_span(self.start, self.end, now_ms, max_days, advice, zone=self.timezone)

    def row_limit(self, *, aggregated: bool) -> int:
        """Returns the most rows that one answer may have; of a table, the most values of its columns."""
        limits = self.limits or Limits(MAX_SAMPLES, MAX_ROWS)
        if self.is_table:
            return min(MAX_VALUES, limits.samples)
        if aggregated:
            return min(MAX_ROWS, limits.aggregates)
        return min(MAX_SAMPLES, limits.samples)


def check_lengths(names: Iterable[str]) -> None:
    """Raises InvalidRequestError for a name that is longer than one of a point can be, and no sum."""
    if any(len(name) > MAX_NAME and not name.startswith(sums.PREFIX) for name in names):
        raise InvalidRequestError(f"a name in point_names must have at most {MAX_NAME} characters")


def check_bytes(names: Iterable[str]) -> None:
    """Raises InvalidRequestError for names of columns that are too long together."""
    size = sum(len(name.encode()) for name in names)
    if size > MAX_NAME_BYTES:
        raise InvalidRequestError(
            f"the columns in point_names have {size:,} bytes; use at most {MAX_NAME_BYTES:,}:"
            " shorter sums, or fewer names"
        )


def parse_span(
    start: Time,
    end: Time,
    now_ms: int,
    max_days: int,
    advice: str = "",
    names: tuple[str, str] = ("start_time", "end_time"),
    zone: str | None = None,
) -> Span:
    """Returns the range (ranges.parse_range); TooLargeError when it is longer than `max_days`.

    A range that is too long only because it ends in the future is shortened.
    """
    span = parse_range(start, end, now_ms, names, zone)
    longest = Span(span.start_ms, span.start_ms + max_days * DAY_MS)
    if span.end_ms <= longest.end_ms:
        return span
    if longest.end_ms <= now_ms + FUTURE_TOLERANCE_MS:
        raise TooLargeError(f"the range is longer than {max_days} days{advice}")
    return longest
