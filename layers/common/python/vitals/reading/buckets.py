"""Reads the rows of buckets: cells from rollups, and from samples where rollups do not suffice.

The rule: an hour of a settled day comes from its rollup, except
    an hour in which a bucket ends, and every hour of measures of samples and of buckets shorter than an hour;
    an hour of a version 1 rollup, for measures that need more than its columns;
    an hour with other values than 0 and 1, for runtime and starts;
    hours near a fall, for increase and rate.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from vitals.aws.cost import Cost
from vitals.errors import TooLargeError
from vitals.model.measures import cells, counters, measure
from vitals.model.measures.cells import Cells, Flags, Integers, cells_of, holds_of
from vitals.model.measures.counters import Event, Steps
from vitals.model.measures.measure import BucketRows, Source, bucket_rows
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.samples import Ids, Samples, Times, concat
from vitals.model.timespan import DAY_MS, HOUR_MS, Span
from vitals.reading.archive import MAX_FILES
from vitals.reading.day_tiers import DayRun, plan_parts
from vitals.reading.paging import Pages
from vitals.reading.plan import QueryPlan, hold_back_ms
from vitals.reading.reads import PlannedRead, ReadResult, ReadStats, combined

# How far the sample before a bucket, or after it, is looked for: hardly ever more than the first.
_LOOKS_MS = (HOUR_MS, DAY_MS, cells.LONGEST_MS)
# Cells of the span that are in memory at once: 150 MB.
_MOST_CELLS = 1_000_000
# Of cells, also of those that are only read to look back; and of samples of counters.
_MOST_ROWS = 2_000_000
# An hour of a local day may be in two days of UTC.
_MOST_SPANS = MAX_FILES // 2


class Tiers(Protocol):
    """Where samples and rollups are read."""

    def samples(self, query: PlannedRead, spans: Sequence[Span]) -> ReadResult[Samples]: ...

    def hours(self, query: PlannedRead, runs: Sequence[DayRun], span: Span) -> Cells: ...

    def older(self, query: PlannedRead, before_ms: int) -> Cells: ...

    def records(self, site: str, span: Span, cost: Cost) -> list[ArchiveRecord]: ...


def read(tiers: Tiers, query: PlannedRead, span: Span) -> ReadResult[BucketRows]:
    """Returns the rows of the span's buckets, sorted by point id, then time; it begins with a bucket."""
    parts = [_Reading(tiers, group, span).read() for group in _point_groups(query, span)]
    return ReadResult(measure.join([part.rows for part in parts]), combined(part.stats for part in parts))


@dataclass(slots=True)
class _Reading:
    """What is read of one span, and around it."""

    tiers: Tiers
    query: PlannedRead
    span: Span
    rolled: list[Cells] = field(default_factory=list)
    sampled: list[Cells] = field(default_factory=list)
    samples: list[Samples] = field(default_factory=list)
    stats: list[ReadStats] = field(default_factory=list)
    _joined: tuple[int, Cells] | None = None
    """The number of parts that were joined, and their cells."""

    @property
    def plan(self) -> QueryPlan:
        return self.query.plan

    def read(self) -> ReadResult[BucketRows]:
        assert self.plan.calendar
        edges = self.plan.calendar.edges(self.span)
        kind = self.plan.measure
        self._read(self._first_window(), self.plan.ids)
        if self.plan.shape is None:
            self._look_back(int(edges[0]))
        if kind.source is Source.STEPS:
            self._look_for_older(int(edges[0]))
            self._look_ahead(int(edges[-1]))
        steps = self._steps() if kind.source is Source.STEPS else None
        samples = _sorted(self.samples) if kind.source is Source.SAMPLES else None
        rows = bucket_rows(kind, self._cells(), edges, samples=samples, steps=steps)
        events = _within(steps, int(edges[0]), int(edges[-1])) if steps else ()
        return ReadResult(rows, combined([*self.stats, ReadStats(events=events)]))

    def _first_window(self) -> Span:
        """Returns the span with the hour before it, and the time in which a dip ends after it."""
        plan = self.plan
        if plan.shape is not None:
            return self.span
        start_ms = self.span.start_ms - _LOOKS_MS[0]
        end_ms = self.span.end_ms
        if plan.look_ahead_ms:
            end_ms += -(end_ms + plan.look_ahead_ms) % HOUR_MS + plan.look_ahead_ms
        start_ms -= start_ms % HOUR_MS
        return Span(plan.floor(start_ms) if plan.bucket_ms < HOUR_MS else start_ms, end_ms)

    def _look_back(self, start_ms: int) -> None:
        """Reads on into the past for points of which a sample there counts."""
        end = self._first_window().start_ms
        for length_ms in _LOOKS_MS:
            begin = min(end, self._aligned(start_ms - length_ms))
            self._read(Span(begin, end), self._earlier_counts(start_ms, start_ms - end))
            end = begin

    def _earlier_counts(self, start_ms: int, read_ms: int) -> set[int]:
        """Returns the points of which a sample counts that is more than `read_ms` before the start."""
        held = {point.id for point in self.plan.existing if hold_back_ms(point) > read_ms}
        if not held and not self.plan.measure.looks_at_steps:
            return held
        inside, before = self._points_around(start_ms)
        held -= before
        if self.plan.measure.source is Source.STEPS:
            return held | inside & counters.unanchored(self._cells(), start_ms)
        return held | (inside - before if self.plan.measure.looks_at_steps else set())

    def _look_for_older(self, start_ms: int) -> None:
        """Reads what tells a step over more than the longest time from the first sample of a point."""
        inside, before = self._points_around(start_ms)
        query = _of_points(self.query, inside - before)
        if query.plan.points:
            self.rolled.append(self.tiers.older(query, self._aligned(start_ms - cells.LONGEST_MS)))
            self.stats.append(ReadStats(is_provisional=True))

    def _points_around(self, time_ms: int) -> tuple[set[int], set[int]]:
        """Returns the points with cells from a time on, and those with cells before it."""
        rows = self._cells().rows
        is_after = rows.times >= time_ms
        return set(rows.ids[is_after].tolist()), set(rows.ids[~is_after].tolist())

    def _look_ahead(self, end_ms: int) -> None:
        """Reads on for points without a sample soon after the span: it may tell a spike."""
        begin = self._first_window().end_ms
        for length_ms in _LOOKS_MS[1:]:
            after, before = self._points_around(end_ms)
            points = before - after
            if not points:
                return
            self.stats.append(ReadStats(is_provisional=True))
            end = self._aligned(end_ms + length_ms) + HOUR_MS
            window = Span(begin, min(end, self.query.now_ms))
            if window:
                records = self.tiers.records(self.plan.site, window, self.query.cost)
                self.query = replace(self.query, records=[*self.query.records, *records])
                self._read(window, points)
            begin = end

    def _aligned(self, time_ms: int) -> int:
        hour_ms = time_ms - time_ms % HOUR_MS
        return self.plan.floor(hour_ms) if self.plan.bucket_ms < HOUR_MS else hour_ms

    def _cells(self) -> Cells:
        """Returns all cells that were read; they are joined again only after another read."""
        parts = [*self.rolled, *self.sampled]
        if self._joined is None or self._joined[0] != len(parts):
            self._joined = (len(parts), cells.concat(parts))
        return self._joined[1]

    def _read(self, window: Span, ids: Iterable[int]) -> None:
        """Reads the cells of these points in a window that begins and ends with a cell."""
        query = _of_points(self.query, ids)
        if not query.plan.points or not window:
            return
        rolled = self._rolled(query, window)
        if not self.plan.from_rollups:
            for spans in self._apart([window]):
                self._read_samples(query, rolled, spans)
            return
        parts = plan_parts(window, query.records, query.now_ms, rollups=True)
        unsettled = [run.span for run in parts.hot]
        files = [_clipped(Span(day, day + DAY_MS), window) for day in parts.files]
        unsettled += [span for span in files if not _covers(unsettled, span.start_ms)]
        for spans in self._apart(sorted(unsettled)):
            self._read_samples(query, rolled, spans)
        insufficient = self._insufficient(rolled, window)
        self._read_hours(query, rolled[insufficient], cells_too=True)
        self.rolled.append(rolled[~insufficient])

    def _is_requested(self, span: Span) -> bool:
        """Returns whether the span overlaps the one whose rows are read, and is not only around it."""
        return span.start_ms < self.span.end_ms and self.span.start_ms < span.end_ms

    def _apart(self, spans: Sequence[Span]) -> Iterator[list[Span]]:
        """Yields the spans that are only around the one that is read, then the others."""
        for is_requested in (False, True):
            yield [span for span in spans if self._is_requested(span) == is_requested]

    def _rolled(self, query: PlannedRead, window: Span) -> Cells:
        """Returns the cells of rollups; where these serve no cell, they still say how long samples hold."""
        if query.plan.shape is not None and not self.plan.from_rollups:
            return cells.concat([])
        runs = plan_parts(window, query.records, query.now_ms, rollups=True).rollup
        if not runs:
            return cells.concat([])
        if self.plan.from_rollups and any(self._is_requested(run.span) for run in runs):
            self.stats.append(ReadStats(("rollup",)))
        hours = self.tiers.hours(query, runs, window)
        # Version 1 does not have the hold.
        by_interval = _interval_holds(query.plan, hours.rows.ids)
        return replace(hours, hold_ms=np.where(hours.is_complete, hours.hold_ms, by_interval))

    def _insufficient(self, rolled: Cells, window: Span) -> Flags:
        """Returns which hours of rollups must be computed from samples."""
        assert self.plan.calendar
        edges = self.plan.calendar.cells(window)
        starts = rolled.rows.times
        index = np.searchsorted(edges, starts, side="right")
        result = edges[np.minimum(index, len(edges) - 1)] < rolled.ends
        match self.plan.measure.source:
            case Source.SWITCHED:
                result |= ~(rolled.is_complete & rolled.is_binary)
            case Source.HELD | Source.STEPS:
                result |= ~rolled.is_complete
        return result

    def _read_hours(self, query: PlannedRead, hours: Cells, *, cells_too: bool) -> None:
        """Reads the samples of these hours of rollups."""
        if not len(hours):
            return
        days = hours.rows.times // DAY_MS
        spans = [
            Span(int(hours.rows.times[days == day].min()), int(hours.ends[days == day].max()))
            for day in np.unique(days)
        ]
        query = _of_points(query, np.unique(hours.rows.ids).tolist())
        self._read_samples(
            query, hours, spans, only=_hour_keys(hours.rows.ids, hours.rows.times), cells_too=cells_too
        )

    def _read_samples(
        self,
        query: PlannedRead,
        rolled: Cells,
        spans: Sequence[Span],
        *,
        only: Integers | None = None,
        cells_too: bool = True,
    ) -> None:
        """Reads the samples of spans in parts that fit the memory; `only` hours, if given."""
        for group in _groups(spans, Pages(query.plan).longest_step_ms()):
            result = self.tiers.samples(query, group)
            is_of_rows = any(self._is_requested(span) for span in group)
            self.stats.append(result.stats if is_of_rows else replace(result.stats, sources=()))
            samples = result.rows
            if only is not None:
                samples = samples[np.isin(_hour_keys(samples.ids, samples.times), only)]
            self._add(
                query.plan, samples, rolled, Span(group[0].start_ms, group[-1].end_ms), cells_too=cells_too
            )
            self._check_size()

    def _check_size(self) -> None:
        """Raises TooLargeError when the cells, or the samples of counters that often fall, are too many."""
        counts = [sum(map(len, [*self.rolled, *self.sampled]))]
        if self.plan.measure.source is Source.STEPS:
            counts.append(sum(map(len, self.samples)))
        if max(counts) > _MOST_ROWS:
            raise TooLargeError(
                f"the {self.plan.measure.name} of these points needs too many samples at once, because their"
                " values often fall; request fewer points"
            )

    def _add(self, plan: QueryPlan, samples: Samples, rolled: Cells, span: Span, *, cells_too: bool) -> None:
        assert plan.calendar
        if plan.measure.source is Source.SWITCHED:
            samples = measure.switched(samples)
        current = cells.concat([])
        if cells_too:
            current = cells_of(
                samples, plan.calendar.cells(_hours(span, plan)), _holds(plan, samples, rolled)
            )
            self.sampled.append(current)
        if plan.measure.source is Source.SAMPLES or not cells_too:
            self.samples.append(samples)
        elif plan.measure.source is Source.STEPS:
            self.samples.append(_near_falls(samples, current))

    def _steps(self) -> Steps:
        current = self._cells()
        rolled = cells.concat(self.rolled)
        uneven = current[counters.unsteady(current)]
        keys = _hour_keys(uneven.rows.ids, uneven.rows.times)
        self._read_hours(
            self.query, rolled[np.isin(_hour_keys(rolled.rows.ids, rolled.rows.times), keys)], cells_too=False
        )
        rollovers = {
            point.id: point.settings.rollover for point in self.plan.existing if point.settings.rollover
        }
        return counters.steps(current, _sorted(self.samples), rollovers)


def _point_groups(query: PlannedRead, span: Span) -> Iterator[PlannedRead]:
    """Yields the query for as many points at a time as have cells that fit the memory."""
    ids = query.plan.ids
    cells_of_point = span.length_ms // min(HOUR_MS, query.plan.bucket_ms) + 1
    count = max(1, _MOST_CELLS // cells_of_point)
    if len(ids) <= count:
        yield query
        return
    for first in range(0, len(ids), count):
        yield _of_points(query, ids[first : first + count])


def _within(steps: Steps, start_ms: int, end_ms: int) -> tuple[Event, ...]:
    return tuple(event for event in steps.events if start_ms <= event.time_ms < end_ms)


def _of_points(query: PlannedRead, ids: Iterable[int]) -> PlannedRead:
    wanted = set(ids)
    points = [point for point in query.plan.existing if point.id in wanted]
    return replace(query, plan=query.plan.of_points(points))


def _covers(spans: Iterable[Span], time_ms: int) -> bool:
    return any(span.start_ms <= time_ms < span.end_ms for span in spans)


def _clipped(span: Span, window: Span) -> Span:
    return Span(max(span.start_ms, window.start_ms), min(span.end_ms, window.end_ms))


def _hours(span: Span, plan: QueryPlan) -> Span:
    """Returns the span widened to whole hours, or to whole buckets if they are shorter."""
    if plan.bucket_ms < HOUR_MS:
        assert plan.calendar
        return plan.calendar.widened(span)
    return Span(span.start_ms - span.start_ms % HOUR_MS, span.end_ms + -span.end_ms % HOUR_MS)


def _groups(spans: Sequence[Span], longest_ms: int) -> Iterator[list[Span]]:
    """Yields consecutive spans that together last about as long as fits the memory.

    Short spans, such as an hour of each day, are so few at a time that their files are read one by one.
    """
    group: list[Span] = []
    for span in _joined(spans):
        for piece in span.pieces(longest_ms - longest_ms % HOUR_MS or HOUR_MS):
            length_ms = sum(span.length_ms for span in group) + piece.length_ms
            if group and (length_ms > longest_ms or len(group) >= _MOST_SPANS):
                yield group
                group = []
            group.append(piece)
    if group:
        yield group


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Returns the spans, in order, with those that touch as one."""
    result: list[Span] = []
    for span in spans:
        if result and result[-1].end_ms == span.start_ms:
            result[-1] = Span(result[-1].start_ms, span.end_ms)
        else:
            result.append(span)
    return result


def _hour_keys(ids: Ids, times: Times) -> Integers:
    """Returns a number for each point and hour."""
    return (ids.astype(np.int64) << 32) + times // HOUR_MS


def _holds(plan: QueryPlan, samples: Samples, rolled: Cells) -> Integers:
    """Returns the hold of each sample: as its rollup says, or else by the interval of its point."""
    holds = _interval_holds(plan, samples.ids)
    stored = rolled[rolled.is_complete]
    if not len(stored):
        return holds
    days, first = np.unique(_day_keys(stored.rows.ids, stored.rows.times), return_index=True)
    keys = _day_keys(samples.ids, samples.times)
    index = np.minimum(np.searchsorted(days, keys), len(days) - 1)
    result: Integers = np.where(days[index] == keys, stored.hold_ms[first[index]], holds)
    return result


def _interval_holds(plan: QueryPlan, ids: Ids) -> Integers:
    """Returns the hold by the interval of each of these points of the plan."""
    points = sorted(plan.existing, key=lambda point: point.id)
    holds = holds_of([point.listed.interval_s or 0 for point in points])
    return holds[np.searchsorted([point.id for point in points], ids)]


def _day_keys(ids: Ids, times: Times) -> Integers:
    return (ids.astype(np.int64) << 32) + times // DAY_MS


def _near_falls(samples: Samples, current: Cells) -> Samples:
    """Returns the samples of cells that may be near a fall: also of those near a cell that is not known."""
    rows = current.rows
    is_linked = (rows.ids[1:] == rows.ids[:-1]) & (rows.times[1:] == current.ends[:-1])
    is_near = counters.unsteady(current)
    missing = np.flatnonzero(~np.concatenate([[False], is_linked, [False]])[: len(rows) + 1])
    reach = 1 + counters.reach(current)
    for distance in range(-reach, reach):
        near = missing + distance
        is_near[near[(near >= 0) & (near < len(rows))]] = True
    return samples[np.repeat(is_near, rows.counts)]


def _sorted(parts: Sequence[Samples]) -> Samples:
    samples = concat(parts)
    return samples[np.lexsort((samples.times, samples.ids))]
