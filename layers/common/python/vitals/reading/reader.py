"""Reads a page of a plan step by step; reduces each step, so that memory has about one answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from vitals.errors import TierTimeoutError
from vitals.model import aggregates
from vitals.model.aggregates import Aggregates
from vitals.model.measures import measure
from vitals.model.measures.cells import Integers
from vitals.model.measures.measure import BucketRows
from vitals.model.samples import Ids, Samples, concat
from vitals.model.timespan import FUTURE_TOLERANCE_MS, Span
from vitals.reading.executor import Executor
from vitals.reading.look_back import gap_finder
from vitals.reading.paging import Pages
from vitals.reading.reads import PlannedRead, ReadStats, Rows, combined

_MAX_STEPS = 10_000
# The next step is this many times longer when a step filled less than this fraction of a page.
_GROWTH = 4


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of an answer, all with values, the start of the next page, and the sources of the rows."""

    rows: Rows | Aggregates
    next_ms: int | None
    stats: ReadStats
    until_ms: int
    """The end of the gaps and the coverage of this page."""
    gaps: Mapping[int, Sequence[Span]]
    """By point id."""
    received: Mapping[int, int]
    """Samples read, by point id."""
    held_ms: Mapping[int, int]
    """The time that buckets are known to be held, also those without a row, by point id."""
    continued: Mapping[int, int]
    """By point id, the start of a gap that continues the last gap of the previous page."""
    timed_out: bool


@dataclass(slots=True)
class _Progress:
    """How far a page has been read."""

    position_ms: int
    step_ms: int
    parts: list[Rows | Aggregates] = field(default_factory=list)
    row_count: int = 0
    received: dict[int, int] = field(default_factory=dict)
    held_ms: dict[int, int] = field(default_factory=dict)
    stats: list[ReadStats] = field(default_factory=list)
    timed_out: bool = False


class PageReader:
    """Reads one page from the start of the plan, as long as `in_time` returns true.

    No gaps are reported after `known_until_ms`, because samples may still arrive.
    """

    def __init__(
        self, executor: Executor, query: PlannedRead, known_until_ms: int, in_time: Callable[[], bool]
    ) -> None:
        plan = query.plan
        self._executor = executor
        self._query = query
        self._plan = plan
        self._pages = Pages(plan)
        self._known_until_ms = known_until_ms
        self._in_time = in_time
        self._last_ms = min(plan.span.end_ms, query.now_ms + FUTURE_TOLERANCE_MS + 1)
        self._end_ms = self._pages.end_ms(plan.start_ms, self._last_ms)
        self._progress = _Progress(plan.start_ms, self._pages.first_step_ms())

    def read(self) -> Page:
        """Returns the page; TierTimeoutError when no row could be read in time."""
        self._gaps = gap_finder(self._executor, self._query, self._known_until_ms)
        for _ in range(_MAX_STEPS):
            if self._at_end() or not self._step():
                break
        return self._page()

    def _at_end(self) -> bool:
        """Returns whether the page ends at the position that has been read up to."""
        progress = self._progress
        if progress.position_ms >= self._end_ms:
            return True
        progress.timed_out = self._may_stop() and not self._in_time()
        full = progress.row_count >= self._plan.row_limit and not self._plan.one_row_per_column
        return progress.timed_out or full

    def _may_stop(self) -> bool:
        return bool(self._progress.parts) and self._pages.may_end_at(self._progress.position_ms)

    def _step(self) -> bool:
        """Reads one span; returns False when the page ends with it."""
        span = self._next_span()
        try:
            result = self._executor.read(self._query, span)
        except TierTimeoutError:
            if not self._may_stop():
                raise
            self._progress.timed_out = True
            return False
        has_all_rows = self._add(result.rows, span)
        self._progress.stats.append(result.stats.until(self._progress.position_ms))
        return has_all_rows

    def _next_span(self) -> Span:
        start_ms = self._progress.position_ms
        step = self._pages.part(Span(start_ms, self._end_ms), self._progress.step_ms)
        span = self._pages.next_span(step, self._query.records)
        return Span(start_ms, self._pages.column_end_ms(span))

    def _add(self, rows: Rows, span: Span) -> bool:
        """Adds the rows of a span that fit; returns False when the page ends with them."""
        progress, shape, limit = self._progress, self._plan.shape, self._plan.row_limit
        reduced = shape.reduce_part(_drawn(rows)) if shape else _with_values(rows)
        edge_ms = self._pages.end_of_rows(reduced, limit - progress.row_count)
        end_ms = span.end_ms if edge_ms is None else min(edge_ms, span.end_ms)
        if end_ms < span.end_ms:
            rows, reduced = rows[rows.times < end_ms], reduced[reduced.times < end_ms]
        self._gaps.add(rows)
        _add_sums(rows, progress)
        progress.parts.append(reduced)
        progress.row_count += len(reduced)
        progress.position_ms = end_ms
        if self._plan.calendar is None and len(reduced) * _GROWTH < limit:
            progress.step_ms = min(progress.step_ms * _GROWTH, self._pages.longest_step_ms())
        return end_ms == span.end_ms

    def _page(self) -> Page:
        progress, plan = self._progress, self._plan
        next_ms = progress.position_ms if progress.position_ms < self._last_ms else None
        end_ms = plan.span.end_ms if next_ms is None else next_ms
        until_ms = min(end_ms, self._known_until_ms)
        return Page(
            rows=self._rows(Span(plan.start_ms, end_ms)),
            next_ms=next_ms,
            stats=combined(progress.stats),
            until_ms=until_ms,
            gaps=self._gaps.finish(until_ms),
            received=progress.received,
            held_ms=progress.held_ms,
            continued=self._gaps.continued,
            timed_out=progress.timed_out,
        )

    def _rows(self, page: Span) -> Rows | Aggregates:
        """Returns the parts as one, sorted by point, then time, and reduced together."""
        parts, shape = self._progress.parts, self._plan.shape
        if self._plan.calendar and not shape:
            return measure.join([rows for rows in parts if isinstance(rows, BucketRows)])
        if self._plan.aggregated:
            rows: Aggregates | Samples = aggregates.concat(
                rows for rows in parts if isinstance(rows, Aggregates)
            )
        else:
            samples = concat(rows for rows in parts if isinstance(rows, Samples))
            rows = samples[np.lexsort((samples.times, samples.ids))]
        return shape.reduce(rows, page) if shape and parts else rows


def _drawn(rows: Rows) -> Samples | Aggregates:
    """Returns what a chart is drawn from."""
    if isinstance(rows, Samples):
        return rows
    assert rows.stats is not None
    return rows.stats


def _with_values(rows: Rows) -> Rows:
    return rows[rows.has_value] if isinstance(rows, BucketRows) else rows


def _add_sums(rows: Rows, progress: _Progress) -> None:
    """Adds up the samples of the rows, and how long they are held, by point id."""
    if not isinstance(rows, BucketRows):
        _add_up(progress.received, rows.ids, np.ones(len(rows), np.int64))
        return
    _add_up(progress.received, rows.ids, rows.counts)
    _add_up(progress.held_ms, rows.ids, np.maximum(0, rows.held_ms))


def _add_up(sums: dict[int, int], ids: Ids, amounts: Integers) -> None:
    """Adds the amounts to the sums; `ids` are sorted."""
    if not len(ids):
        return
    starts = np.flatnonzero(np.diff(ids, prepend=ids[0] - 1))
    for point, amount in zip(ids[starts].tolist(), np.add.reduceat(amounts, starts).tolist(), strict=True):
        sums[point] = sums.get(point, 0) + amount
