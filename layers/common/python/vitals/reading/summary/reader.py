"""Reads the summary of a range: what each point, or sum of points, did in it."""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from vitals.errors import TierTimeoutError
from vitals.model import aggregates
from vitals.model.aggregates import Aggregates
from vitals.model.kinds import Kind
from vitals.model.measures.calendar import Calendar, Interval
from vitals.model.measures.conversion import Conversion
from vitals.model.measures.measure import MEAN, BucketRows, Measure
from vitals.model.points import Point
from vitals.model.samples import Samples
from vitals.reading import request
from vitals.reading.buckets.bucket_reader import BucketReading
from vitals.reading.buckets.cell_reader import Tiers
from vitals.reading.buckets.groups import of_points, point_groups
from vitals.reading.reads import PlannedRead, ReadStats, combined
from vitals.reading.resolution import interval_s
from vitals.reading.summary.limits import LimitedTiers, TooManySamplesError

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
    count: int = 0
    quarters: Aggregates | None = None

    def without_sampled(self) -> "PointSummary":
        """Returns the summary without what is computed from all samples."""
        values = {name: value for name, value in self.values.items() if name not in _SAMPLED}
        return replace(self, values=values, quarters=None)


@dataclass(frozen=True, slots=True)
class Summary:
    """The summaries by point id, without `_SAMPLED` and quarters when their samples exceed a limit."""

    points: Mapping[int, PointSummary]
    stats: ReadStats
    has_too_many_samples: bool
    timed_out: bool


def has_field(kind: Kind, name: str) -> bool:
    """Returns whether this value has a meaning for points of this kind."""
    return name in _FIELDS[kind]


def summarise(tiers: Tiers, query: PlannedRead, in_time: Callable[[], bool]) -> Summary:
    """Returns the summary of the plan's points (planning.plan_summary).

    Raises TierTimeoutError when `in_time` returns false before the rest, which takes all samples, is read.
    """
    return _Summing(LimitedTiers(tiers, query.plan.span, in_time), query).summary()


@dataclass(slots=True)
class _Summing:
    """Reads the measures of each source for the points that have any of them."""

    tiers: LimitedTiers
    query: PlannedRead
    points: dict[int, PointSummary] = field(default_factory=dict)
    stats: list[ReadStats] = field(default_factory=list)

    def summary(self) -> Summary:
        existing = self.query.plan.existing
        self.points = {point.id: PointSummary() for point in existing}
        self._read(existing, "time_weighted_mean", self._add_held)
        self._read(self._with("starts"), "starts", self._add_measures(_SWITCHED))
        self._read(self._with("increase"), "increase", self._add_measures(("increase",)))
        limit = self._read_sampled()
        points = self.points
        if limit:
            points = {point_id: summary.without_sampled() for point_id, summary in points.items()}
        return Summary(
            points,
            combined(self.stats),
            has_too_many_samples=isinstance(limit, TooManySamplesError),
            timed_out=isinstance(limit, TierTimeoutError),
        )

    def _read_sampled(self) -> TooManySamplesError | TierTimeoutError | None:
        """Reads what takes all samples; returns the limit that it exceeds."""
        sampled, span_s = self._with("sd"), self.query.plan.span.length_ms / 1000
        if sum(span_s / interval_s(point) for point in sampled) > request.MAX_SAMPLES_AT_ONCE:
            return TooManySamplesError()
        self.tiers.remaining = request.MAX_SAMPLES_AT_ONCE
        try:
            self._read(sampled, "sd", self._add_sampled)
        except (TooManySamplesError, TierTimeoutError) as limit:
            return limit
        return None

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
    """Returns the mean of the samples in each synced local quarter of an hour within the range and the hours.

    A quarter that is only partly there would be that of fewer minutes.
    """
    span = query.plan.span
    edges = Calendar(_QUARTER, query.plan.zone).edges(span)
    starts, ends = edges[:-1], edges[1:]
    is_whole = (span.start_ms <= starts) & (ends <= min(span.end_ms, query.synced_until_ms or 0))
    is_whole &= query.plan.open_ms(starts, ends) == _QUARTER.shortest_ms
    samples = samples[(samples.times >= edges[0]) & (samples.times < edges[-1])]
    index = np.searchsorted(edges, samples.times, side="right") - 1
    inside = is_whole[index]
    return aggregates.aggregate(samples[inside], edges[index[inside]])
