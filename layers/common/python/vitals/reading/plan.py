"""What a query asks for and how far one answer of it reaches: pure, testable without AWS."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vitals.errors import InvalidRequestError, NotFoundError, TooLargeError
from vitals.model.aggregates import BUCKETS, Aggregates
from vitals.model.points import Catalog, Point
from vitals.model.ranges import Time, parse_range
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.samples import Samples, Times
from vitals.model.timespan import DAY_MS, FUTURE_TOLERANCE_MS, MINUTE_MS, WINDOW_MS, Span, ceil_window
from vitals.reading import page_token, shape
from vitals.reading.shape import Columns

MAX_POINTS = 500
# 100,000 samples are 3.4 MB of JSON at 17 digits each; a Lambda answer carries 6 MB.
MAX_SAMPLES = 100_000
# A row of aggregates is seven numbers, 120 bytes of JSON.
MAX_ROWS = 30_000
MAX_COLUMNS = 10_000
# Ten thousand years: one column of any range, in 64 bits.
LONGEST_INTERVAL_MS = 3_652_500 * DAY_MS
_DEFAULT_MAX_POINTS = 1_000
# What a chart is drawn from at most; a month of ten points read every minute are 446,400 samples.
_CHART_SAMPLES = 500_000
_CHART_ROWS = 500_000
_MOST_CHART_SAMPLES = 5_000_000
# Longer than any read takes.
_EXPIRY_MARGIN_MS = 10 * MINUTE_MS
_DEFAULT_INTERVAL_S = 60
_FASTEST_INTERVAL_S = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """How many rows one answer may hold because of the form that it is written in."""

    samples: int
    aggregates: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as it came in, types checked and nothing else."""

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


@dataclass(frozen=True, slots=True)
class Shape:
    """How rows are reduced to the pixel columns of a chart: by a method of shape.py."""

    method: str
    columns: Columns
    interval_ms: int | None = None
    """How long a column is, where that was asked for and not how many there are."""

    def part(self, rows: Samples | Aggregates) -> Samples | Aggregates:
        """What must be kept of one part of a range."""
        if isinstance(rows, Aggregates):
            return shape.squeeze(rows, self.columns)
        if self.method == "mean":
            return shape.squeeze(shape.as_rows(rows), self.columns)
        return shape.reduce_part(rows, self.method, self.columns)

    def whole(self, rows: Samples | Aggregates, page: Span) -> Samples | Aggregates:
        """What is drawn, of all parts of a page together (sorted)."""
        if isinstance(rows, Aggregates):
            return shape.squeeze(rows, self.columns)
        return shape.reduce(rows, self.method, self.columns, page)


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """The points of a query in the order asked (None: the site has no such point), and what to read now.

    `span` is what was `asked` for, widened to whole buckets where the resolution is not raw.
    """

    names: tuple[str, ...]
    points: tuple[Point | None, ...]
    asked: Span
    span: Span
    resolution: str
    start_ms: int
    fingerprint: str
    shape: Shape | None = None
    limits: Limits | None = None

    @property
    def aggregated(self) -> bool:
        """Whether the answer has rows of aggregates and not samples."""
        return self.resolution != "raw" or (self.shape is not None and self.shape.method == "mean")

    @property
    def charted_rows(self) -> bool:
        """Whether the answer has one row a column and point."""
        return self.shape is not None and self.aggregated

    @property
    def ids(self) -> list[int]:
        return [point.id for point in self.points if point]

    @property
    def unknown(self) -> list[str]:
        return [name for name, point in zip(self.names, self.points, strict=True) if point is None]

    @property
    def notes(self) -> list[str]:
        """What a reader of the rows would not expect."""
        interval_ms = self.shape.interval_ms if self.shape else None
        if interval_ms is None or self.resolution == "raw":
            return []
        if not interval_ms % self.bucket_ms or not self.bucket_ms % interval_ms:
            return []
        return [
            f"columns of {interval_ms} ms hold no whole number of {self.resolution} buckets;"
            " each bucket is in the column that it begins in"
        ]

    @property
    def most_rows(self) -> int:
        """How many rows one answer holds."""
        limits = self.limits or Limits(MAX_SAMPLES, MAX_ROWS)
        if self.aggregated:
            return min(MAX_ROWS, limits.aggregates)
        return min(MAX_SAMPLES, limits.samples)

    @property
    def bucket_ms(self) -> int:
        """The buckets that answers are cut at: of the resolution, or windows for raw."""
        return BUCKETS.get(self.resolution, WINDOW_MS)

    def column_edge(self, column: int) -> int:
        """Where the rows of a chart's columns from this one on begin: rows lie where their buckets begin."""
        assert self.shape
        start_ms = self.shape.columns.start_of(column)
        return start_ms if self.resolution == "raw" else start_ms + -start_ms % self.bucket_ms

    def page_end_ms(self, at: int, end_ms: int) -> int:
        """How far an answer may reach from `at` for certain; a row of a column is never part of two."""
        if not self.charted_rows or not self.span:
            return end_ms
        assert self.shape
        columns = self.shape.columns
        last = int(columns.of(np.array([at]))[0]) + max(1, self.most_rows // len(self.ids))
        return end_ms if last >= columns.count else min(end_ms, self.column_edge(last))

    def last_end_ms(self, at: int, reach: int) -> int:
        """The last end of a chart's column up to `reach`, or `reach` if there is none after `at`."""
        if not self.shape or reach >= self.span.end_ms:
            return reach
        edge = self.column_edge(int(self.shape.columns.of(np.array([reach]))[0]))
        return edge if at < edge <= reach else reach

    def may_end_at(self, at: int) -> bool:
        """Whether an answer may end there: one of a chart's rows only between two columns."""
        if not self.charted_rows:
            return True
        assert self.shape
        return self.column_edge(int(self.shape.columns.of(np.array([at]))[0])) == at

    def cut(self, times: Times, limit: int) -> int | None:
        """Where an answer must end to hold at most `limit` rows: a chart's where a column does."""
        if self.charted_rows:
            return None
        if not self.shape:
            return cut(times, limit, self.bucket_ms)
        last = _last_that_fits(self.shape.columns.of(times), limit)
        return None if last is None else self.shape.columns.start_of(last + 1)

    def first_step_ms(self) -> int:
        """How long a stretch of whole buckets should hold about as many rows as one answer."""
        if self.resolution != "raw":
            return max(1, MAX_ROWS // len(self.ids)) * self.bucket_ms
        if self.shape:
            return self.longest_step_ms()
        intervals = [point.listed.interval_s or _DEFAULT_INTERVAL_S for point in self.points if point]
        per_second = sum(1 / interval for interval in intervals)
        return min(self.longest_step_ms(), _whole_windows(MAX_SAMPLES / per_second))

    def longest_step_ms(self) -> int:
        """The stretch of samples that bounds memory: ten answers of points read every ten seconds."""
        return _whole_windows(10 * MAX_SAMPLES * _FASTEST_INTERVAL_S / len(self.ids))

    def token(self, start_ms: int) -> str:
        """The opaque `next_token` with which the same query goes on at `start_ms`."""
        return page_token.encode(start_ms, self.fingerprint)


def plan_query(asked: Asked, catalog: Catalog, now_ms: int, max_range_days: int) -> QueryPlan:
    """The plan of a query; InvalidRequestError, TooLargeError or NotFoundError when it can't be answered."""
    names = tuple(dict.fromkeys(asked.point_names))
    if not names:
        raise InvalidRequestError("point_names must contain at least one point (or point_name be given)")
    if len(names) > MAX_POINTS:
        raise TooLargeError(
            f"{len(names)} points asked for; one query takes at most {MAX_POINTS}, POST /exports a whole site"
        )
    span = parse_span(asked.start, asked.end, now_ms, max_range_days, "; POST /exports takes up to 730")
    points = tuple(catalog.by_name.get(name) for name in names)
    known = [point for point in points if point]
    if not known:
        raise NotFoundError(f"the site has no point {', '.join(map(repr, names[:3]))}")
    charted = any(one is not None for one in (asked.width, asked.interval_ms, asked.method))
    resolution = _chart_resolution(asked, span, known) if charted else _resolution(asked, span, known)
    covered = span if resolution == "raw" or not span else _whole_buckets(span, BUCKETS[resolution])
    shape = _shape(asked, covered) if charted else None
    fingerprint = _fingerprint(asked.site, names, span, resolution, shape)
    start_ms = covered.start_ms
    if asked.next_token is not None:
        start_ms = _read_token(asked.next_token, fingerprint, covered)
    return QueryPlan(names, points, span, covered, resolution, start_ms, fingerprint, shape, asked.limits)


@dataclass(frozen=True, slots=True)
class Parts:
    """Which tier serves which part of a span.

    `files`: days whose file must be read. `hot`: runs of days of which the hot tier holds what no file
    does; it wins where both have a sample. `rollup`: runs of days whose rollups hold everything.
    """

    files: tuple[int, ...] = ()
    hot: tuple[Span, ...] = ()
    rollup: tuple[Span, ...] = ()


def plan_parts(span: Span, records: Iterable[ArchiveRecord], now_ms: int, *, rollups: bool) -> Parts:
    """The parts of a span. A day without a record was never written to: writers make it before they write.

    While a day's blocks live the hot tier has all of it, which is one request less than its file.
    """
    known = {record.day_ms: record for record in records}
    files, hot, rolled = [], [], []
    for day_ms in range(span.start_ms - span.start_ms % DAY_MS, span.end_ms, DAY_MS):
        record = known.get(day_ms)
        if record is None:
            continue
        if record.settled and rollups:
            rolled.append(day_ms)
            continue
        expiring = record.expires_ms is not None and record.expires_ms <= now_ms + _EXPIRY_MARGIN_MS
        if expiring and record.etag:
            files.append(day_ms)
        if not (expiring and record.settled):
            hot.append(day_ms)
    return Parts(tuple(files), _runs(hot, span), _runs(rolled, span))


def stretch(planned: QueryPlan, at: int, reach: int, records: Iterable[ArchiveRecord]) -> int:
    """How far from `at` one read may go towards `reach`.

    Rollups and samples are read apart, and no more samples at once than memory and time allow.
    """
    most = max(1, planned.longest_step_ms() // planned.bucket_ms) * planned.bucket_ms
    bound = min(reach, at - at % planned.bucket_ms + most)
    if planned.resolution not in ("1h", "1d"):
        return bound
    settled = {record.day_ms for record in records if record.settled}
    day_ms = at - at % DAY_MS
    rolled = day_ms in settled
    end = reach if rolled else bound
    while day_ms < end and (day_ms in settled) == rolled:
        day_ms += DAY_MS
    return min(end, day_ms)


def _runs(days: Sequence[int], span: Span) -> tuple[Span, ...]:
    """Days as spans of consecutive ones, within `span`."""
    runs: list[Span] = []
    for day_ms in days:
        if runs and runs[-1].end_ms == day_ms:
            runs[-1] = Span(runs[-1].start_ms, day_ms + DAY_MS)
        else:
            runs.append(Span(day_ms, day_ms + DAY_MS))
    return tuple(Span(max(r.start_ms, span.start_ms), min(r.end_ms, span.end_ms)) for r in runs)


def cut(times: Times, limit: int, bucket_ms: int = WINDOW_MS) -> int | None:
    """Where an answer must end, at a bucket's edge, to hold at most `limit` rows; None when all fit.

    One bucket always fits, so that every answer moves on.
    """
    last = _last_that_fits(times - times % bucket_ms, limit)
    return None if last is None else last + bucket_ms


def _last_that_fits(buckets: npt.NDArray[np.int64], limit: int) -> int | None:
    """The last bucket of at most `limit` rows from the first on, by each row's bucket; None when all fit."""
    if len(buckets) <= limit:
        return None
    buckets, counts = np.unique(buckets, return_counts=True)
    whole = int(np.searchsorted(np.cumsum(counts), limit, side="right"))
    return int(buckets[max(whole, 1) - 1])


def _resolution(asked: Asked, span: Span, points: Iterable[Point]) -> str:
    """What was asked for, or for `auto` the finest that stays within `max_points` per series."""
    if asked.resolution != "auto":
        return asked.resolution
    shortest_s = min(point.listed.interval_s or _DEFAULT_INTERVAL_S for point in points)
    for resolution, step_ms in (("raw", shortest_s * 1000), *BUCKETS.items()):
        if span.length_ms <= (asked.max_points or _DEFAULT_MAX_POINTS) * step_ms:
            return resolution
    return "1d"


def _shape(asked: Asked, span: Span) -> Shape:
    """The reduction that is asked for; `max_points` alone only chooses the resolution."""
    method = asked.method or "m4"
    if method not in shape.METHODS:
        raise InvalidRequestError(f"method is one of {', '.join(shape.METHODS)}")
    if [asked.width, asked.interval_ms, asked.max_points].count(None) < 2:
        raise InvalidRequestError(
            "width counts pixel columns, interval_ms tells how long one is, and max_points counts rows;"
            " give one of them"
        )
    if asked.interval_ms is not None:
        return Shape(method, _interval_columns(span, asked.interval_ms), asked.interval_ms)
    columns = asked.width or max(1, (asked.max_points or _DEFAULT_MAX_POINTS) // shape.ROWS[method])
    if columns > MAX_COLUMNS:
        raise TooLargeError(f"a chart has at most {MAX_COLUMNS:,} columns")
    return Shape(method, Columns(span, min(columns, span.length_ms)))


def _interval_columns(span: Span, interval_ms: int) -> Columns:
    """The columns of one interval each; samples of the first and last are those in the range alone."""
    if not 1 <= interval_ms <= LONGEST_INTERVAL_MS:
        raise InvalidRequestError(f"interval_ms is a whole number from 1 to {LONGEST_INTERVAL_MS:,}")
    columns = shape.columns_of(span, interval_ms)
    if columns.count > MAX_COLUMNS:
        raise TooLargeError(
            f"interval_ms={interval_ms} cuts the range into {columns.count:,} columns; a chart has at most"
            f" {MAX_COLUMNS:,}: ask for interval_ms={-(-span.length_ms // (MAX_COLUMNS - 1))} or more"
        )
    return columns


def _chart_resolution(asked: Asked, span: Span, points: Sequence[Point]) -> str:
    """What was asked for, or for `auto` samples where they can be read in time, else the finest rollups."""
    expected = sum(span.length_ms / 1000 / (p.listed.interval_s or _DEFAULT_INTERVAL_S) for p in points)
    if asked.resolution == "auto":
        if expected <= _CHART_SAMPLES:
            return "raw"
        return "1h" if len(points) * span.length_ms / BUCKETS["1h"] <= _CHART_ROWS else "1d"
    if asked.resolution in ("raw", "5m") and expected > _MOST_CHART_SAMPLES:
        raise TooLargeError(
            f"about {expected:,.0f} samples would be read; ask for resolution=auto, or POST /exports for them"
        )
    return asked.resolution


def _whole_buckets(span: Span, bucket_ms: int) -> Span:
    return Span(span.start_ms - span.start_ms % bucket_ms, span.end_ms + -span.end_ms % bucket_ms)


def _whole_windows(seconds: float) -> int:
    return max(WINDOW_MS, ceil_window(int(seconds * 1000)))


def parse_span(
    start: Time,
    end: Time,
    now_ms: int,
    max_days: int,
    advice: str = "",
    names: tuple[str, str] = ("start_time", "end_time"),
) -> Span:
    """The range (ranges.parse_range), at most `max_days` long; TooLargeError when it is longer.

    One that is too long only because it ends in the future, where nothing is stored, ends earlier.
    """
    span = parse_range(start, end, now_ms, names)
    longest = Span(span.start_ms, span.start_ms + max_days * DAY_MS)
    if span.end_ms <= longest.end_ms:
        return span
    if longest.end_ms <= now_ms + FUTURE_TOLERANCE_MS:
        raise TooLargeError(f"the range is longer than {max_days} days{advice}")
    return longest


def _fingerprint(site: str, names: Sequence[str], span: Span, resolution: str, shape: Shape | None) -> str:
    drawn = None
    if shape:
        cut = shape.columns.span
        drawn = [shape.method, shape.columns.count, cut.start_ms, cut.end_ms]
    return page_token.fingerprint(site, names, span.start_ms, span.end_ms, resolution, drawn)


def _read_token(token: str, fingerprint: str, span: Span) -> int:
    start_ms = page_token.decode(token, fingerprint)
    if not span.start_ms <= start_ms < span.end_ms:
        raise page_token.invalid()
    return start_ms
