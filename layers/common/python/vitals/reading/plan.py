"""The plan of a query: its points, span, resolution and shape. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from vitals.model import zones
from vitals.model.measures.calendar import Calendar
from vitals.model.measures.cells import HELD_INTERVALS, LONGEST_MS, SLOWEST_INTERVAL_S, Integers, holds_of
from vitals.model.measures.counters import SKIP_MS
from vitals.model.measures.filling import Fill
from vitals.model.measures.hours import OperatingHours
from vitals.model.measures.measure import MEAN, Measure, Source
from vitals.model.points import Point
from vitals.model.records.flags import FlaggedSpans
from vitals.model.records.sites import Units
from vitals.model.samples import Times
from vitals.model.timespan import HOUR_MS, WINDOW_MS, Span, floor_window
from vitals.reading.request import Form
from vitals.reading.shape import LocalColumns, Shape
from vitals.reading.tables.planning import ColumnPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryPlan:
    """A query's points in the order requested (None for a name without a point), its span and its shape.

    `span` is the `requested` one, widened to whole buckets where the resolution is not raw. An answer starts
    at `start_ms` and has at most `row_limit` rows, or values of a table. `calendar` is None for raw. Local
    times in the answer are those of `zone`, its values in the units of the system `units`. A table has
    `columns`, each of some of the points, and gaps of its columns are filled by `fill`. If `is_tagged`, the
    points are those that had the tags of the request when its first page was read, and tokens name them.
    """

    site: str
    names: tuple[str, ...]
    points: tuple[Point | None, ...]
    requested: Span
    span: Span
    calendar: Calendar | None
    measure: Measure = MEAN
    zone: str = zones.UTC
    units: Units = "source"
    start_ms: int
    fingerprint: str
    row_limit: int
    shape: Shape | None = None
    form: Form | Literal["summary"] = "series"
    columns: tuple[ColumnPlan, ...] = ()
    fill: Fill = "null"
    is_tagged: bool = False
    flagged: FlaggedSpans | None = None
    """What is left out before anything is computed; None where nothing is."""

    @property
    def hours(self) -> OperatingHours | None:
        """The hours within which samples count, None for all."""
        return self.calendar.hours if self.calendar else None

    def open_ms(self, starts: Times, ends: Times) -> Integers:
        """Returns how much of each range counts: what is within the hours, or all of it."""
        return ends - starts if self.hours is None else self.hours.length_ms(starts, ends)

    @property
    def is_table(self) -> bool:
        """Whether the answer is one table, with a row for each bucket that began."""
        return self.form == "table"

    @property
    def resolution(self) -> str:
        """The interval of the buckets as text, or raw."""
        return str(self.calendar.interval) if self.calendar else "raw"

    @property
    def aggregated(self) -> bool:
        """Whether the answer has rows of aggregates and not samples."""
        return self.calendar is not None or (self.shape is not None and self.shape.method == "mean")

    @property
    def one_row_per_column(self) -> bool:
        """Whether the answer has one row for each column of a chart and point."""
        return self.shape is not None and self.aggregated

    @property
    def from_rollups(self) -> bool:
        """Whether rollups serve days that are settled, hour by hour, where the measure's source allows."""
        is_of_samples = self.measure.source is Source.SAMPLES
        return self.calendar is not None and self.bucket_ms >= HOUR_MS and not is_of_samples

    @property
    def look_back_ms(self) -> int:
        """How long before a bucket a sample may count in it."""
        if self.calendar is None or self.shape is not None:
            return 0
        if self.measure.looks_at_steps:
            return LONGEST_MS
        return max(HOUR_MS, *self.longest_holds_ms.values())

    @property
    def longest_holds_ms(self) -> dict[int, int]:
        """By point id, how long a sample may be held, by any interval that the point ever had."""
        intervals = [point.longest_interval_s or point.listed.interval_s or 0 for point in self.existing]
        return dict(zip(self.ids, holds_of(intervals).tolist(), strict=True))

    @property
    def look_ahead_ms(self) -> int:
        """How long after a bucket a sample counts in it: one that ends a dip, or a line over the bucket."""
        if self.fill == "linear":
            return max(self.longest_holds_ms.values())
        return SKIP_MS if self.measure.source is Source.STEPS else 0

    @property
    def context(self) -> Span:
        """The span with everything before and after it that is read."""
        return Span(self.span.start_ms - self.look_back_ms, self.span.end_ms + self.look_ahead_ms)

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
        """The length of the shortest bucket, or of a window for raw; a page ends between two."""
        return self.calendar.interval.shortest_ms if self.calendar else WINDOW_MS

    @property
    def row_width_ms(self) -> int:
        """The length of time that a row covers at least: a bucket, or 0 for a sample."""
        return self.bucket_ms if self.calendar else 0

    @property
    def notes(self) -> list[str]:
        """Warnings about the rows."""
        if self.shape is None or self.shape.is_aligned:
            return []
        zone = self.zone if isinstance(self.shape.columns, LocalColumns) else zones.UTC
        return [
            f"Columns of {self.shape.interval_ms} ms in {zone} and {self.resolution} buckets in {self.zone}"
            " do not align. Each bucket is in the column where it begins."
        ]

    @property
    def longest_steps_ms(self) -> dict[int, float]:
        """By point id, the longest time between two samples that is not a gap."""
        return {
            point.id: HELD_INTERVALS * 1000 * (point.listed.interval_s or SLOWEST_INTERVAL_S)
            for point in self.existing
        }

    def floor(self, time_ms: int) -> int:
        """Returns the start of the bucket, or for raw of the window, in which the time lies."""
        return self.calendar.floor(time_ms) if self.calendar else floor_window(time_ms)

    def bucket_end(self, time_ms: int) -> int:
        """Returns the end of the bucket, or for raw of the window, in which the time lies."""
        if self.calendar:
            return int(self.calendar.edges(Span(time_ms, time_ms + 1))[-1])
        return floor_window(time_ms) + WINDOW_MS

    def of_points(self, points: Iterable[Point]) -> "QueryPlan":
        """Returns the plan for some of its points."""
        selected = tuple(points)
        return replace(self, names=tuple(point.name for point in selected), points=selected)
