"""Reads the summary of a range: what each point, or sum of points, did in it."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from vitals.model import aggregates
from vitals.model.aggregates import Aggregates
from vitals.model.kinds import Kind
from vitals.model.measures.calendar import Calendar, Interval
from vitals.model.measures.conversion import Conversion
from vitals.model.measures.measure import MEAN, BucketRows, Measure
from vitals.model.points import Point
from vitals.model.samples import Samples
from vitals.model.timespan import Span
from vitals.reading.buckets.bucket_reader import BucketReading
from vitals.reading.buckets.cell_reader import Tiers
from vitals.reading.buckets.groups import of_points, point_groups
from vitals.reading.reads import PlannedRead, ReadStats, combined
from vitals.reading.resolution import interval_s

# All of them are in memory at once: 100 MB.
MOST_SAMPLES = 5_000_000
_HELD = ("time_weighted_mean", "held")
_SWITCHED = ("runtime", "starts")
_SAMPLED = ("sd", "p5", "p50", "p95")
_QUARTER = Interval(15, "m")
# What has a meaning for a kind, beside min, max, first, last, known and count.
_FIELDS: Mapping[Kind, frozenset[str]] = {
    "analog": frozenset({"mean", "time_weighted_mean", *_SAMPLED, "peak"}),
    "setpoint": frozenset({"mean", "time_weighted_mean", *_SAMPLED}),
    "counter": frozenset({"increase"}),
    "binary": frozenset({"time_weighted_mean", *_SWITCHED}),
    "multistate": frozenset(),
}


@dataclass(slots=True)
class PointSummary:
    """What is known of a point in a range, by measure and in its unit; nothing for a point without samples.

    Times are UTC ms. `quarters` are the means of its quarter hours, with their starts.
    """

    values: dict[str, float] = field(default_factory=dict)
    times: dict[str, int] = field(default_factory=dict)
    held_ms: int | None = None
    count: int = 0
    quarters: Aggregates | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """The summaries by point id, and whether samples were too many for those of `_SAMPLED` and peaks."""

    points: Mapping[int, PointSummary]
    stats: ReadStats
    has_all_samples: bool


def has_field(kind: Kind, name: str) -> bool:
    """Returns whether this value has a meaning for points of this kind."""
    return name in _FIELDS[kind]


def summarise(tiers: Tiers, query: PlannedRead) -> Summary:
    """Returns the summary of the plan's points (planning.plan_summary)."""
    return _Summing(tiers, query).summary()


@dataclass(slots=True)
class _Summing:
    """Reads the measures of each source for the points that have any of them."""

    tiers: Tiers
    query: PlannedRead
    points: dict[int, PointSummary] = field(default_factory=dict)
    stats: list[ReadStats] = field(default_factory=list)

    def summary(self) -> Summary:
        existing = self.query.plan.existing
        self.points = {point.id: PointSummary() for point in existing}
        self._read(existing, "time_weighted_mean", self._add_held)
        self._read(self._with("starts"), "starts", self._add_measures(_SWITCHED))
        self._read(self._with("increase"), "increase", self._add_measures(("increase",)))
        sampled = self._with("sd")
        span_s = self.query.plan.span.length_ms / 1000
        has_all_samples = sum(span_s / interval_s(point) for point in sampled) <= MOST_SAMPLES
        if has_all_samples:
            self._read(sampled, "sd", self._add_sampled)
        return Summary(self.points, combined(self.stats), has_all_samples)

    def _with(self, name: str) -> list[Point]:
        return [point for point in self.query.plan.existing if has_field(point.kind, name)]

    def _read(self, points: Sequence[Point], name: str, add: Callable[[BucketReading], None]) -> None:
        """Reads what a measure of these points is computed from, in groups that fit the memory."""
        if not points:
            return
        plan = replace(self.query.plan, measure=Measure.parse(name))
        query = of_points(replace(self.query, plan=plan), [point.id for point in points])
        for group in point_groups(query, plan.span):
            reading = BucketReading.of(self.tiers, group, plan.span)
            self.stats.append(reading.stats)
            add(reading)

    def _add_held(self, reading: BucketReading) -> None:
        means = reading.rows(MEAN)
        assert means.stats is not None
        self._add("mean", means)
        for name in ("min", "max", "first", "last"):
            self._add(name, replace(means, values=getattr(means.stats, f"{name}s")))
        for name in _HELD:
            self._add(name, reading.rows(Measure.parse(name)))
        for row, point in enumerate(means.ids.tolist()):
            self.points[point].count = int(means.counts[row])
        self._add_times(reading)

    def _add_times(self, reading: BucketReading) -> None:
        """Adds the times of the first and the last sample."""
        span, hours, current = reading.plan.span, reading.plan.hours, reading.reader.cells()
        times = current.rows.times
        inside = (times >= span.start_ms) & (times < span.end_ms)
        if hours:
            inside &= hours.contain(times)
        current = current[inside]
        edges = np.flatnonzero(np.diff(current.rows.ids, prepend=-1, append=-1)).tolist()
        for begin, end in itertools.pairwise(edges):
            point = self.points[int(current.rows.ids[begin])]
            point.times |= {"first": int(current.first_ms[begin]), "last": int(current.last_ms[end - 1])}

    def _add_measures(self, names: Iterable[str]) -> Callable[[BucketReading], None]:
        def add(reading: BucketReading) -> None:
            for name in names:
                self._add(name, reading.rows(Measure.parse(name)))

        return add

    def _add_sampled(self, reading: BucketReading) -> None:
        self._add_measures(_SAMPLED)(reading)
        assert reading.samples is not None
        rows = _quarters(reading.samples, self.query)
        for point in reading.plan.existing:
            if has_field(point.kind, "peak"):
                self.points[point.id].quarters = rows[rows.ids == point.id]

    def _add(self, name: str, rows: BucketRows) -> None:
        """Adds the values of a measure, in the units of the answer."""
        by_id = {point.id: point for point in self.query.plan.existing}
        for row, point_id in enumerate(rows.ids.tolist()):
            point = by_id[point_id]
            conversion = Conversion.of_point(point.listed.unit, point.kind, self.query.plan.units)
            converted = conversion.rows(replace(rows[row : row + 1], stats=None), name)
            if not np.isnan(converted.values[0]):
                self.points[point_id].values[name] = float(converted.values[0])


def _quarters(samples: Samples, query: PlannedRead) -> Aggregates:
    """Returns the mean of the samples in each local quarter of an hour in the range, within the hours."""
    span, hours = query.plan.span, query.plan.hours
    inside = (samples.times >= span.start_ms) & (samples.times < span.end_ms)
    if hours:
        inside &= hours.contain(samples.times)
    samples = samples[inside]
    edges = Calendar(_QUARTER, query.plan.zone).edges(Span(span.start_ms, span.end_ms))
    return aggregates.aggregate(samples, edges[np.searchsorted(edges, samples.times, side="right") - 1])
