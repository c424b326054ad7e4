"""Reads the rows of buckets, from the cells in their span and the samples around it that affect them."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from vitals.model.measures import cells, counters, filling, measure
from vitals.model.measures.cells import Cells
from vitals.model.measures.counters import Event, Steps
from vitals.model.measures.hours import OperatingHours
from vitals.model.measures.measure import BucketRows, Measure, Source, bucket_rows
from vitals.model.samples import Samples, Times
from vitals.model.timespan import DAY_MS, HOUR_MS, Span
from vitals.reading.buckets.cell_reader import CellReader, Tiers
from vitals.reading.buckets.groups import point_groups
from vitals.reading.plan import QueryPlan
from vitals.reading.reads import PlannedRead, ReadResult, ReadStats, combined

# How far reads look for the sample before or after a bucket. The first is nearly always enough.
_LOOKS_MS = (HOUR_MS, DAY_MS, cells.LONGEST_MS)


def read(tiers: Tiers, query: PlannedRead, span: Span) -> ReadResult[BucketRows]:
    """Returns the rows of the span's buckets, sorted by point id, then time; it begins with a bucket."""
    parts = [BucketReading.of(tiers, group, span).result() for group in point_groups(query, span)]
    return ReadResult(measure.join([part.rows for part in parts]), combined(part.stats for part in parts))


@dataclass(slots=True)
class BucketReading:
    """The read of one span: what is around it depends on what was read.

    It has the rows of every measure with the same source as the plan's.
    """

    reader: CellReader
    edges: Times
    steps: Steps | None = None
    samples: Samples | None = None

    @classmethod
    def of(cls, tiers: Tiers, query: PlannedRead, span: Span) -> Self:
        """Reads what the rows of the span's buckets depend on."""
        assert query.plan.calendar
        reading = cls(CellReader(tiers, query, span), query.plan.calendar.edges(span))
        reading._read()
        return reading

    @property
    def plan(self) -> QueryPlan:
        """The plan of the read."""
        return self.reader.plan

    @property
    def stats(self) -> ReadStats:
        """The stats of all reads, with the events in the buckets."""
        first_ms, end_ms = int(self.edges[0]), int(self.edges[-1])
        events = _within(self.steps, first_ms, end_ms, self.plan.hours) if self.steps else ()
        return combined([*self.reader.stats, ReadStats(events=events)])

    def result(self) -> ReadResult[BucketRows]:
        """Returns the rows of the plan's measure."""
        return ReadResult(self.rows(self.plan.measure), self.stats)

    def _read(self) -> None:
        source = self.plan.measure.source
        self.reader.read(self._first_window(), self.plan.ids)
        if self.plan.shape is None:
            self._look_back(int(self.edges[0]))
        if source is Source.STEPS:
            self._look_for_older(int(self.edges[0]))
            self._look_ahead(int(self.edges[-1]))
            self.steps = self._steps()
        if source is Source.SAMPLES:
            self.samples = self.reader.samples()

    def rows(self, measure: Measure) -> BucketRows:
        """Returns the rows of a measure with the same source."""
        plan, current, edges = self.plan, self.reader.cells(), self.edges
        rows = bucket_rows(measure, current, edges, plan.hours, samples=self.samples, steps=self.steps)
        if plan.is_table:
            rows = replace(rows, stats=None)
        if measure.name == "at":
            rows = filling.rows_at(rows, self._open_cells(), edges)
        if plan.fill != "null":
            rows = filling.filled(rows, self._open_cells(), edges, plan.fill)
        return rows if plan.hours is None else _within_hours(rows, plan.hours)

    def _open_cells(self) -> Cells:
        """Returns the cells within the hours: only a sample in one is in force there."""
        current, hours = self.reader.cells(), self.plan.hours
        return current if hours is None else current[hours.contain(current.rows.times)]

    def _first_window(self) -> Span:
        """Returns the span with the hour before it, and the time in which a dip ends after it."""
        plan = self.plan
        if plan.shape is not None:
            return self.reader.span
        start_ms = self.reader.span.start_ms - _LOOKS_MS[0]
        end_ms = self.reader.span.end_ms
        if plan.look_ahead_ms:
            end_ms += -(end_ms + plan.look_ahead_ms) % HOUR_MS + plan.look_ahead_ms
        start_ms -= start_ms % HOUR_MS
        return Span(plan.floor(start_ms) if plan.bucket_ms < HOUR_MS else start_ms, end_ms)

    def _look_back(self, start_ms: int) -> None:
        """Reads on into the past for points of which a sample there counts."""
        end = self._first_window().start_ms
        for length_ms in _LOOKS_MS[1:]:
            begin = self._aligned(start_ms - length_ms)
            self.reader.read(Span(begin, end), self._earlier_counts(start_ms, start_ms - end))
            end = begin

    def _earlier_counts(self, start_ms: int, read_ms: int) -> set[int]:
        """Returns the points that need samples from more than `read_ms` before the start."""
        slow = {point for point, hold_ms in self.plan.longest_holds_ms.items() if hold_ms > read_ms}
        if not slow and not self.plan.measure.looks_at_steps:
            return set()
        inside, before = self._points_around(start_ms)
        points = slow - before
        if self.plan.measure.source is Source.STEPS:
            points |= inside & counters.unanchored(self.reader.cells(), start_ms)
        elif self.plan.measure.looks_at_steps:
            points |= inside - before
        return points

    def _look_for_older(self, start_ms: int) -> None:
        """Reads the last older sample of points that seem to begin in the span: their step is a long one."""
        inside, before = self._points_around(start_ms)
        self.reader.read_older(inside - before, self._aligned(start_ms - cells.LONGEST_MS))

    def _points_around(self, time_ms: int) -> tuple[set[int], set[int]]:
        """Returns the points with cells from a time on, and those with cells before it."""
        rows = self.reader.cells().rows
        is_after = rows.times >= time_ms
        return set(rows.ids[is_after].tolist()), set(rows.ids[~is_after].tolist())

    def _look_ahead(self, end_ms: int) -> None:
        """Reads on for points without a sample soon after the span: it may prove the last a spike."""
        begin = self._first_window().end_ms
        for length_ms in _LOOKS_MS[1:]:
            after, before = self._points_around(end_ms)
            points = before - after
            if not points:
                return
            self.reader.stats.append(ReadStats(is_provisional=True))
            end = self._aligned(end_ms + length_ms) + HOUR_MS
            window = Span(begin, min(end, self.reader.query.now_ms))
            if window:
                self.reader.read_later(window, points)
            begin = end

    def _aligned(self, time_ms: int) -> int:
        hour_ms = time_ms - time_ms % HOUR_MS
        return self.plan.floor(hour_ms) if self.plan.bucket_ms < HOUR_MS else hour_ms

    def _steps(self) -> Steps:
        current = self.reader.cells()
        self.reader.read_samples_of(current[counters.unsteady(current)])
        rollovers = {
            point.id: point.settings.rollover for point in self.plan.existing if point.settings.rollover
        }
        return counters.steps(current, self.reader.samples(), rollovers)


def _within_hours(rows: BucketRows, hours: OperatingHours) -> BucketRows:
    """Returns the rows of buckets that the hours overlap; others may hold a sample of around them."""
    return rows[hours.length_ms(rows.times, rows.ends) > 0]


def _within(steps: Steps, start_ms: int, end_ms: int, hours: OperatingHours | None) -> tuple[Event, ...]:
    """Returns the events from a time up to another, within the hours if there are any."""
    events = [event for event in steps.events if start_ms <= event.time_ms < end_ms]
    if hours is None:
        return tuple(events)
    is_open = hours.contain(np.array([event.time_ms for event in events], np.int64))
    return tuple(event for event, included in zip(events, is_open.tolist(), strict=True) if included)
