"""Reads the rows of buckets, from the cells in their span and the samples around it that affect them."""

from dataclasses import dataclass, replace

from vitals.model.measures import cells, counters, filling, measure
from vitals.model.measures.counters import Event, Steps
from vitals.model.measures.measure import BucketRows, Source, bucket_rows
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
    parts = [_Reading(CellReader(tiers, group, span)).read() for group in point_groups(query, span)]
    return ReadResult(measure.join([part.rows for part in parts]), combined(part.stats for part in parts))


@dataclass(frozen=True, slots=True)
class _Reading:
    """The read of one span: what is around it depends on what was read."""

    reader: CellReader

    @property
    def plan(self) -> QueryPlan:
        return self.reader.plan

    def read(self) -> ReadResult[BucketRows]:
        assert self.plan.calendar
        edges = self.plan.calendar.edges(self.reader.span)
        kind = self.plan.measure
        self.reader.read(self._first_window(), self.plan.ids)
        if self.plan.shape is None:
            self._look_back(int(edges[0]))
        if kind.source is Source.STEPS:
            self._look_for_older(int(edges[0]))
            self._look_ahead(int(edges[-1]))
        steps = self._steps() if kind.source is Source.STEPS else None
        samples = self.reader.samples() if kind.source is Source.SAMPLES else None
        rows = self._rows(edges, samples, steps)
        events = _within(steps, int(edges[0]), int(edges[-1])) if steps else ()
        return ReadResult(rows, combined([*self.reader.stats, ReadStats(events=events)]))

    def _rows(self, edges: Times, samples: Samples | None, steps: Steps | None) -> BucketRows:
        plan, current = self.plan, self.reader.cells()
        rows = bucket_rows(plan.measure, current, edges, samples=samples, steps=steps)
        if plan.is_table:
            rows = replace(rows, stats=None)
        if plan.measure.name == "at":
            rows = filling.rows_at(rows, current, edges)
        return rows if plan.fill == "null" else filling.filled(rows, current, edges, plan.fill)

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


def _within(steps: Steps, start_ms: int, end_ms: int) -> tuple[Event, ...]:
    return tuple(event for event in steps.events if start_ms <= event.time_ms < end_ms)
