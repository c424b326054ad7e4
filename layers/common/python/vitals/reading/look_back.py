"""Starts the gap search of a page that continues another, with the last row of each point before it."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from vitals.errors import TierTimeoutError
from vitals.model.measures.measure import MEAN
from vitals.model.points import Point
from vitals.model.timespan import DAY_MS, Span
from vitals.reading.executor import Executor
from vitals.reading.gaps import GapFinder
from vitals.reading.paging import Pages
from vitals.reading.plan import QueryPlan
from vitals.reading.reads import PlannedRead

# A point that is listed as collected once a month must not make each page read two months again.
_LONGEST_MS = DAY_MS
# Enough for a day of 500 points that come every ten seconds though they are listed as daily.
_MAX_READS = 6


def gap_finder(executor: Executor, query: PlannedRead, reported_until_ms: int) -> GapFinder:
    """Returns the finder of the gaps of a page.

    If the page continues another, which reported gaps up to `reported_until_ms` at most, the finder starts
    with the last row of each point that can be read in time. These reads are not in the stats of the page.
    """
    plan = query.plan
    finder = GapFinder(plan.start_ms, _steps(plan), plan.hours)
    if plan.start_ms == plan.span.start_ms:
        return finder
    reported_ms = min(plan.start_ms, reported_until_ms)
    for group in _by_step(plan, finder.steps):
        steps = {point: finder.steps[point] for point in group.ids}
        before = GapFinder(_first_ms(plan, max(steps.values()), reported_ms), steps)
        if _read_until_page(before, executor, replace(query, plan=group)):
            finder.resume(before, reported_ms)
    return finder


def _first_ms(plan: QueryPlan, step_ms: float, reported_ms: int) -> int:
    """Returns the start of the read: a step and a row before the reported time, at most a day before."""
    first_ms = math.floor(reported_ms - min(step_ms + plan.row_width_ms, _LONGEST_MS)) - 1
    return max(plan.span.start_ms, plan.floor(first_ms))


def _read_until_page(before: GapFinder, executor: Executor, query: PlannedRead) -> bool:
    """Adds the rows up to the page; returns False when that takes too long, which must not fail the page."""
    plan, position_ms = query.plan, before.start_ms
    for _ in range(_MAX_READS):
        if position_ms >= plan.start_ms:
            return True
        span = Pages(plan).next_span(Span(position_ms, plan.start_ms), query.records)
        try:
            before.add(executor.read(query, span).rows)
        except TierTimeoutError:
            return False
        position_ms = span.end_ms
    return position_ms >= plan.start_ms


def _by_step(plan: QueryPlan, steps: Mapping[int, float]) -> Iterator[QueryPlan]:
    """Yields plans of points with similar steps, so that fast points need no read as long as slow ones."""
    points: dict[int, list[Point]] = {}
    for point in plan.existing:
        magnitude = math.frexp(steps[point.id] + plan.row_width_ms)[1] // 2
        points.setdefault(magnitude, []).append(point)
    for group in points.values():
        yield replace(plan.of_points(group), measure=MEAN, fill="null")


def _steps(plan: QueryPlan) -> dict[int, float]:
    """Returns, by point id, the longest time (ms) between two rows that is not a gap."""
    return {point: max(0, step_ms - plan.row_width_ms) for point, step_ms in plan.longest_steps_ms.items()}
