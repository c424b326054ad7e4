"""Reads cells: from rollups, and from samples where rollups do not suffice.

The rule: an hour of a settled day comes from its rollup, except
    an hour in which a bucket ends, and every hour of measures of samples and of buckets shorter than an hour;
    an hour of a version 1 rollup, for measures that need more than its columns;
    an hour with other values than 0 and 1, for runtime and starts;
    hours near a fall, for increase and rate;
    an hour of which a part is flagged, when flagged samples are left out.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from vitals.aws.cost import Cost
from vitals.errors import TooLargeError
from vitals.model.measures import cells, counters, measure
from vitals.model.measures.cells import Cells, Flags, Integers, cells_of, holds_of
from vitals.model.measures.measure import Source
from vitals.model.records.flags import FlaggedSpans
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.samples import Ids, Samples, Times, concat
from vitals.model.timespan import DAY_MS, HOUR_MS, Span
from vitals.reading.buckets.groups import of_points, span_groups, whole_cells
from vitals.reading.day_tiers import DayRun, plan_parts
from vitals.reading.paging import Pages
from vitals.reading.plan import QueryPlan
from vitals.reading.reads import PlannedRead, ReadResult, ReadStats

# Of cells, also of those around the span; and of samples of counters.
_MOST_ROWS = 2_000_000
_OLDER_SEARCHES = 50


class Tiers(Protocol):
    """Where samples and rollups are read."""

    def samples(self, query: PlannedRead, spans: Sequence[Span]) -> ReadResult[Samples]: ...

    def hours(self, query: PlannedRead, runs: Sequence[DayRun], span: Span) -> Cells: ...

    def older(self, query: PlannedRead, before_ms: int) -> Cells: ...

    def records(self, site: str, span: Span, cost: Cost) -> list[ArchiveRecord]: ...


@dataclass(slots=True)
class CellReader:
    """The cells, and where the measure needs them the samples, that were read of one span and around it."""

    tiers: Tiers
    query: PlannedRead
    span: Span
    stats: list[ReadStats] = field(default_factory=list)
    _rolled: list[Cells] = field(default_factory=list)
    _sampled: list[Cells] = field(default_factory=list)
    _samples: list[Samples] = field(default_factory=list)
    _joined: tuple[int, Cells] | None = None
    """The number of parts that were joined, and their cells."""

    @property
    def plan(self) -> QueryPlan:
        return self.query.plan

    def samples(self) -> Samples:
        """Returns the samples that were read, sorted by point, then time."""
        samples = concat(self._samples)
        return samples[np.lexsort((samples.times, samples.ids))]

    def cells(self) -> Cells:
        """Returns all cells that were read; they are joined again only after another read."""
        parts = [*self._rolled, *self._sampled]
        if self._joined is None or self._joined[0] != len(parts):
            self._joined = (len(parts), cells.concat(parts))
        return self._joined[1]

    def read(self, window: Span, ids: Iterable[int]) -> None:
        """Reads the cells of these points in a window that begins and ends with a cell."""
        query = of_points(self.query, ids)
        if not query.plan.points or not window:
            return
        rolled = self._read_rollups(query, window)
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
        self._rolled.append(rolled[~insufficient])

    def read_samples_of(self, unsteady: Cells) -> None:
        """Reads the samples of those of these cells that came from rollups."""
        rolled = cells.concat(self._rolled)
        keys = _hour_keys(unsteady.rows.ids, unsteady.rows.times)
        is_unsteady = np.isin(_hour_keys(rolled.rows.ids, rolled.rows.times), keys)
        self._read_hours(self.query, rolled[is_unsteady], cells_too=False)

    def read_older(self, ids: Iterable[int], before_ms: int) -> None:
        """Reads the last hour of these points before a time, however old it is.

        It only says from where a long step came, so a search through many flags ends without it.
        """
        searches = {before_ms: set(ids)}
        for _ in range(_OLDER_SEARCHES):
            if not searches:
                break
            before_ms, points = searches.popitem()
            query = of_points(self.query, points)
            if query.plan.points:
                hours = self.tiers.older(query, before_ms)
                self.stats.append(ReadStats(is_provisional=True))
                for point, earlier_ms in self._add_older(hours):
                    searches.setdefault(earlier_ms, set()).add(point)

    def read_later(self, window: Span, ids: Iterable[int]) -> None:
        """Reads the cells of these points in a window of other days than those of the ledger's records."""
        records = self.tiers.records(self.plan.site, window, self.query.cost)
        self.query = replace(self.query, records=[*self.query.records, *records])
        self.read(window, ids)

    def _add_older(self, hours: Cells) -> Iterator[tuple[int, int]]:
        """Adds what remains of these hours; yields the other points, and the time before which to go on."""
        flagged = self.plan.flagged or FlaggedSpans()
        is_flagged = flagged.overlap(hours.rows.ids, hours.rows.times, hours.ends)
        self._rolled.append(hours[~is_flagged])
        ids, times = hours.rows.ids[is_flagged], hours.rows.times[is_flagged]
        for start_ms in np.unique(times).tolist():
            points = set(ids[times == start_ms].tolist())
            window = whole_cells(Span(start_ms, start_ms + HOUR_MS), self.plan)
            self.read_later(window, points)
            rows = self.cells().rows
            present = rows.ids[(rows.times >= window.start_ms) & (rows.times < window.end_ms)]
            for point in points.difference(present.tolist()):
                yield point, flagged.before(point, start_ms)

    def _is_requested(self, span: Span) -> bool:
        """Returns whether the span overlaps the one whose rows are read, and is not only around it."""
        return span.start_ms < self.span.end_ms and self.span.start_ms < span.end_ms

    def _apart(self, spans: Sequence[Span]) -> Iterator[list[Span]]:
        """Yields the spans that are only around the one that is read, then the others."""
        for is_requested in (False, True):
            yield [span for span in spans if self._is_requested(span) == is_requested]

    def _read_rollups(self, query: PlannedRead, window: Span) -> Cells:
        """Returns the cells of rollups; where these serve no cell, they still say how long samples hold."""
        if query.plan.shape is not None and not self.plan.from_rollups:
            return cells.concat([])
        runs = plan_parts(window, query.records, query.now_ms, rollups=True).rollup
        if not runs:
            return cells.concat([])
        if self.plan.from_rollups and any(self._is_requested(run.span) for run in runs):
            self.stats.append(ReadStats(("rollup",)))
        hours = self.tiers.hours(query, runs, window)
        if self.plan.flagged:
            hours = hours[~self.plan.flagged.cover(hours.rows.ids, hours.rows.times, hours.ends)]
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
        if self.plan.flagged:
            result |= self.plan.flagged.overlap(rolled.rows.ids, starts, rolled.ends)
        match self.plan.measure.source:
            case Source.SWITCHED:
                result |= ~(rolled.is_complete & rolled.is_binary)
            case Source.HELD | Source.STEPS:
                result |= ~rolled.is_complete
            case _ if self.plan.fill != "null":
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
        query = of_points(query, np.unique(hours.rows.ids).tolist())
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
        for group in span_groups(spans, Pages(query.plan).longest_step_ms()):
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
        """Raises TooLargeError when cells, or samples of counters that often fall, exceed the memory."""
        counts = [sum(map(len, [*self._rolled, *self._sampled]))]
        if self.plan.measure.source is Source.STEPS:
            counts.append(sum(map(len, self._samples)))
        if max(counts) > _MOST_ROWS:
            raise TooLargeError(
                f"the {self.plan.measure.name} of these points needs too many samples at once;"
                " request fewer points"
            )

    def _add(self, plan: QueryPlan, samples: Samples, rolled: Cells, span: Span, *, cells_too: bool) -> None:
        assert plan.calendar
        if plan.measure.source is Source.SWITCHED:
            samples = measure.switched(samples)
        current = cells.concat([])
        if cells_too:
            current = cells_of(
                samples, plan.calendar.cells(whole_cells(span, plan)), _holds(plan, samples, rolled)
            )
            self._sampled.append(current)
        if plan.measure.source is Source.SAMPLES or not cells_too:
            self._samples.append(samples)
        elif plan.measure.source is Source.STEPS:
            self._samples.append(_near_falls(samples, current))


def _covers(spans: Iterable[Span], time_ms: int) -> bool:
    return any(span.start_ms <= time_ms < span.end_ms for span in spans)


def _clipped(span: Span, window: Span) -> Span:
    return Span(max(span.start_ms, window.start_ms), min(span.end_ms, window.end_ms))


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
