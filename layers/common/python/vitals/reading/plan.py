"""Plans a query: its points, span, resolution and shape, and the tier that serves each day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vitals.errors import InvalidRequestError, TooLargeError
from vitals.model.aggregates import BUCKETS
from vitals.model.points import Catalog, Point
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.timespan import DAY_MS, MINUTE_MS, WINDOW_MS, Span
from vitals.reading import page_token, shape
from vitals.reading.request import DEFAULT_MAX_POINTS, LONGEST_INTERVAL_MS, MAX_COLUMNS, QueryRequest
from vitals.reading.resolution import choose_resolution
from vitals.reading.shape import Columns, Shape

# Longer than any read takes.
_EXPIRY_MARGIN_MS = 10 * MINUTE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPlan:
    """A query's points in the order requested (None for a name without a point), its span and its shape.

    `span` is the `requested` one, widened to whole buckets where the resolution is not raw. An answer starts
    at `start_ms` and has at most `row_limit` rows.
    """

    site: str
    names: tuple[str, ...]
    points: tuple[Point | None, ...]
    requested: Span
    span: Span
    resolution: str
    start_ms: int
    fingerprint: str
    row_limit: int
    shape: Shape | None = None

    @property
    def aggregated(self) -> bool:
        """Whether the answer has rows of aggregates and not samples."""
        return self.resolution != "raw" or (self.shape is not None and self.shape.method == "mean")

    @property
    def one_row_per_column(self) -> bool:
        """Whether the answer has one row for each column of a chart and point."""
        return self.shape is not None and self.aggregated

    @property
    def from_rollups(self) -> bool:
        """Whether rollups serve the days that are settled."""
        return self.resolution in ("1h", "1d")

    @property
    def existing(self) -> list[Point]:
        """The points that the site has, in the order requested."""
        return [point for point in self.points if point]

    @property
    def ids(self) -> list[int]:
        """The ids of the existing points."""
        return [point.id for point in self.existing]

    @property
    def existing_names(self) -> list[str]:
        """The names of the existing points."""
        return [point.name for point in self.existing]

    @property
    def unknown(self) -> list[str]:
        """The requested names that the site does not have."""
        return [name for name, point in zip(self.names, self.points, strict=True) if point is None]

    @property
    def bucket_ms(self) -> int:
        """The length of the buckets of the resolution, or of windows for raw; a page ends between two."""
        return BUCKETS.get(self.resolution, WINDOW_MS)

    @property
    def row_width_ms(self) -> int:
        """The length of time that a row covers: a bucket, or 0 for a sample."""
        return 0 if self.resolution == "raw" else self.bucket_ms

    @property
    def notes(self) -> list[str]:
        """Warnings about the rows."""
        interval_ms = self.shape.interval_ms if self.shape else None
        if interval_ms is None or self.resolution == "raw":
            return []
        if not interval_ms % self.bucket_ms or not self.bucket_ms % interval_ms:
            return []
        return [
            f"Columns of {interval_ms} ms and {self.resolution} buckets do not align."
            " Each bucket is in the column where it begins."
        ]


def plan_query(request: QueryRequest, catalog: Catalog, now_ms: int, max_range_days: int) -> QueryPlan:
    """Returns the plan of a request.

    Raises InvalidRequestError, TooLargeError or NotFoundError when it cannot be answered.
    """
    names = request.distinct_names()
    requested = request.span(now_ms, max_range_days)
    points = tuple(catalog.by_name.get(name) for name in names)
    existing = catalog.select(names, allow_unknown=True)
    resolution = choose_resolution(request, requested, existing)
    span = _whole_buckets(requested, resolution)
    shape = _shape(request, span) if request.is_chart else None
    fingerprint = _fingerprint(request.site, names, requested, resolution, shape)
    return QueryPlan(
        site=request.site,
        names=names,
        points=points,
        requested=requested,
        span=span,
        resolution=resolution,
        start_ms=_start_ms(request.next_token, fingerprint, span),
        fingerprint=fingerprint,
        row_limit=request.row_limit(aggregated=resolution != "raw" or request.method == "mean"),
        shape=shape,
    )


@dataclass(frozen=True, slots=True)
class DayRun:
    """Consecutive days, or the parts of them in a span, and whether their items must be read consistently.

    An eventually consistent read costs half, and may lack what was written within the last second or so. So
    only days that are quiet (ArchiveRecord.is_quiet) are read like that.
    """

    span: Span
    consistent: bool


@dataclass(frozen=True, slots=True)
class Parts:
    """The tier of each part of a span.

    `files`: days whose file must be read. `hot`: runs of days with samples that only the hot tier has; it
    wins where both have a sample. `rollup`: runs of days whose rollups have everything.
    """

    files: tuple[int, ...] = ()
    hot: tuple[DayRun, ...] = ()
    rollup: tuple[DayRun, ...] = ()


def plan_parts(span: Span, records: Iterable[ArchiveRecord], now_ms: int, *, rollups: bool) -> Parts:
    """Returns the parts of a span. A day without a record has no data: writers make the record first.

    The hot tier has all of a day whose blocks have not expired, and takes one request less than its file.
    """
    by_day = {record.day_ms: record for record in records}
    files: list[int] = []
    hot: list[ArchiveRecord] = []
    rolled: list[ArchiveRecord] = []
    for day_ms in range(span.start_ms - span.start_ms % DAY_MS, span.end_ms, DAY_MS):
        record = by_day.get(day_ms)
        if record is None:
            continue
        if record.settled and rollups:
            rolled.append(record)
            continue
        expiring = record.expires_ms is not None and record.expires_ms <= now_ms + _EXPIRY_MARGIN_MS
        if expiring and record.etag:
            files.append(day_ms)
        if not (expiring and record.settled):
            hot.append(record)
    return Parts(tuple(files), _runs(hot, span, now_ms), _runs(rolled, span, now_ms))


def must_be_consistent(records: Iterable[ArchiveRecord], now_ms: int) -> bool:
    """Returns whether one read of all of these days must be consistent."""
    return not all(record.is_quiet(now_ms) for record in records)


def _runs(records: Iterable[ArchiveRecord], span: Span, now_ms: int) -> tuple[DayRun, ...]:
    """Returns days as runs of consecutive ones that are read alike, within `span`."""
    runs: list[DayRun] = []
    for record in records:
        day_ms, consistent = record.day_ms, not record.is_quiet(now_ms)
        day = Span(max(day_ms, span.start_ms), min(day_ms + DAY_MS, span.end_ms))
        if runs and runs[-1].span.end_ms == day.start_ms and runs[-1].consistent == consistent:
            runs[-1] = DayRun(Span(runs[-1].span.start_ms, day.end_ms), consistent)
        else:
            runs.append(DayRun(day, consistent))
    return tuple(runs)


def _shape(request: QueryRequest, span: Span) -> Shape:
    method = request.method or "m4"
    if method not in shape.METHODS:
        raise InvalidRequestError(f"method must be one of {', '.join(shape.METHODS)}")
    if [request.width, request.interval_ms, request.max_points].count(None) < 2:
        raise InvalidRequestError("use only one of width, interval_ms and max_points")
    if request.interval_ms is not None:
        return Shape(method, _checked_columns(span, request.interval_ms), request.interval_ms)
    columns = request.width or max(1, (request.max_points or DEFAULT_MAX_POINTS) // shape.ROWS[method])
    if columns > MAX_COLUMNS:
        raise TooLargeError(f"a chart has at most {MAX_COLUMNS:,} columns")
    return Shape(method, Columns(span, min(columns, span.length_ms)))


def _checked_columns(span: Span, interval_ms: int) -> Columns:
    """Returns columns of one interval each; the first and last have only samples of the range."""
    if not 1 <= interval_ms <= LONGEST_INTERVAL_MS:
        raise InvalidRequestError(f"interval_ms must be a whole number from 1 to {LONGEST_INTERVAL_MS:,}")
    columns = shape.interval_columns(span, interval_ms)
    if columns.count > MAX_COLUMNS:
        raise TooLargeError(
            f"interval_ms={interval_ms} cuts the range into {columns.count:,} columns; a chart has at most"
            f" {MAX_COLUMNS:,}: use interval_ms={-(-span.length_ms // (MAX_COLUMNS - 1))} or more"
        )
    return columns


def _whole_buckets(span: Span, resolution: str) -> Span:
    if resolution == "raw" or not span:
        return span
    bucket_ms = BUCKETS[resolution]
    return Span(span.start_ms - span.start_ms % bucket_ms, span.end_ms + -span.end_ms % bucket_ms)


def _fingerprint(site: str, names: Sequence[str], span: Span, resolution: str, shape: Shape | None) -> str:
    drawn = None
    if shape:
        columns = shape.columns
        drawn = [shape.method, columns.count, columns.span.start_ms, columns.span.end_ms]
    return page_token.fingerprint(site, names, span.start_ms, span.end_ms, resolution, drawn)


def _start_ms(token: str | None, fingerprint: str, span: Span) -> int:
    """Returns where the page of a token starts; without a token, the start of the span."""
    if token is None:
        return span.start_ms
    start_ms = page_token.decode(token, fingerprint)
    if not span.start_ms <= start_ms < span.end_ms:
        raise page_token.invalid()
    return start_ms
