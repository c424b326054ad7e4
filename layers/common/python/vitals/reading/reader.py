"""Reads a plan stretch by stretch, so that memory holds about one answer, and reduces it as it comes."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from vitals.errors import TierTimeoutError
from vitals.model import aggregates
from vitals.model.aggregates import Aggregates
from vitals.model.points import Point
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.samples import Samples, concat
from vitals.model.timespan import DAY_MS, FUTURE_TOLERANCE_MS, Span
from vitals.reading import plan
from vitals.reading.executor import Executor, Found
from vitals.reading.gaps import TOLERANCE, GapFinder
from vitals.reading.plan import QueryPlan

_MAX_STEPS = 10_000
# How much longer the next stretch is when one held less than this part of an answer.
_GROWTH = 4
# Of a point that does not say: the slowest that sites collect.
_SLOWEST_INTERVAL_S = 900
# Of a point that says it is collected once a month, no page reads the samples of two months again.
_LONGEST_LOOK_BACK_MS = DAY_MS
# A day of 500 points that come each ten seconds, though they say that they come once a day.
_MOST_LOOK_BACKS = 6

type Rows = Samples | Aggregates


@dataclass(slots=True)
class Reading:
    """What was read: rows as they are answered, where the next answer starts, and what they came from."""

    rows: Rows
    next_ms: int | None
    found: Found
    until_ms: int
    """Where what is said of gaps and coverage ends."""
    gaps: dict[int, list[Span]] = field(default_factory=dict)
    received: dict[int, int] = field(default_factory=dict)
    """Samples read, by point id."""
    continued: dict[int, int] = field(default_factory=dict)
    """Where a gap begins that is the second part of one, by point id."""
    hurried: bool = False
    """Whether it ended because the time was up."""


def read(
    executor: Executor,
    site: str,
    planned: QueryPlan,
    records: Sequence[ArchiveRecord],
    now_ms: int,
    known_until_ms: int,
    in_time: Callable[[], bool],
    found: Found,
) -> Reading:
    """Rows from where the plan starts, up to what one answer holds and what can be read `in_time`.

    Nothing is said of gaps after `known_until_ms`.
    """
    whole_ms = min(planned.span.end_ms, now_ms + FUTURE_TOLERANCE_MS + 1)
    end_ms = planned.page_end_ms(planned.start_ms, whole_ms)
    at, step, limit = planned.start_ms, planned.first_step_ms(), planned.most_rows
    finder = _gap_finder(executor, site, planned, records, now_ms, known_until_ms, found)
    parts: list[Rows] = []
    received: dict[int, int] = {}
    next_ms = end_ms if end_ms < whole_ms else None
    hurried = False
    total = 0
    for _ in range(_MAX_STEPS):
        if at >= end_ms:
            break
        hurried = bool(parts) and planned.may_end_at(at) and not in_time()
        if hurried or (total >= limit and not planned.charted_rows):
            next_ms = at
            break
        reach = min(end_ms, plan.stretch(planned, at, at - at % planned.bucket_ms + step, records))
        reach = planned.last_end_ms(at, reach)
        try:
            part = executor.read(site, planned, Span(at, reach), records, now_ms, found)
        except TierTimeoutError:
            if not parts or not planned.may_end_at(at):
                raise
            next_ms, hurried = at, True
            break
        shaped = planned.shape.part(part) if planned.shape else part
        edge = planned.cut(shaped.times, limit - total)
        full = False
        if edge is not None and edge < reach:
            full = True
            part, shaped = part[part.times < edge], shaped[shaped.times < edge]
            next_ms = edge
        finder.add(part, _width(planned))
        _count(part, received)
        parts.append(shaped)
        if full:
            break
        total, at = total + len(shaped), reach
        if planned.resolution == "raw" and len(shaped) * _GROWTH < limit:
            step = min(step * _GROWTH, planned.longest_step_ms())
    else:
        next_ms = at if at < end_ms else next_ms
    rows = _joined(planned, parts)
    page_end_ms = planned.span.end_ms if next_ms is None else next_ms
    if planned.shape and parts:
        rows = planned.shape.whole(rows, Span(planned.start_ms, page_end_ms))
    until_ms = min(page_end_ms, known_until_ms)
    gaps = finder.finish(until_ms)
    return Reading(rows, next_ms, found, until_ms, gaps, received, finder.continued, hurried)


def _gap_finder(
    executor: Executor,
    site: str,
    planned: QueryPlan,
    records: Sequence[ArchiveRecord],
    now_ms: int,
    known_until_ms: int,
    found: Found,
) -> GapFinder:
    """What finds the page's gaps: where it continues another page, with each point's last row before it."""
    finder = GapFinder(planned.start_ms, _steps(planned))
    if planned.start_ms == planned.span.start_ms:
        return finder
    reported_ms = min(planned.start_ms, known_until_ms)
    # What is read here is no source of this page, and what is left out was told of on the page before.
    apart = Found(cost=found.cost)
    for group in _by_step(planned, finder.steps):
        steps = {point: finder.steps[point] for point in group.ids}
        before = GapFinder(_look_back_ms(planned, max(steps.values()), reported_ms), steps)
        if _look_back(before, executor, site, group, records, now_ms, apart):
            finder.resume(before, reported_ms)
    return finder


def _look_back_ms(planned: QueryPlan, step_ms: float, reported_ms: int) -> int:
    """From where to look for the last row before a page: a step and a bucket back, a day at most."""
    at = math.floor(reported_ms - min(step_ms + _width(planned), _LONGEST_LOOK_BACK_MS)) - 1
    return max(planned.span.start_ms, at - at % planned.bucket_ms)


def _look_back(
    before: GapFinder,
    executor: Executor,
    site: str,
    planned: QueryPlan,
    records: Sequence[ArchiveRecord],
    now_ms: int,
    apart: Found,
) -> bool:
    """Whether the rows up to the page could be read; no page fails for the gap that it continues."""
    at = before.start_ms
    for _ in range(_MOST_LOOK_BACKS):
        if at >= planned.start_ms:
            return True
        span = Span(at, plan.stretch(planned, at, planned.start_ms, records))
        try:
            before.add(executor.read(site, planned, span, records, now_ms, apart), _width(planned))
        except TierTimeoutError:
            return False
        at = span.end_ms
    return at >= planned.start_ms


def _by_step(planned: QueryPlan, steps: Mapping[int, float]) -> Iterator[QueryPlan]:
    """The plan for points of about one step each, so that none is read back as far as the slowest."""
    points: dict[int, list[Point]] = {}
    for point in planned.points:
        if point:
            magnitude = math.frexp(steps[point.id] + _width(planned))[1] // 2
            points.setdefault(magnitude, []).append(point)
    for group in points.values():
        yield replace(planned, names=tuple(point.name for point in group), points=tuple(group))


def _steps(planned: QueryPlan) -> dict[int, float]:
    """By point id, the longest time from the end of one row to the next that is no gap."""
    width = _width(planned)
    return {
        point.id: max(0, TOLERANCE * 1000 * (point.listed.interval_s or _SLOWEST_INTERVAL_S) - width)
        for point in planned.points
        if point
    }


def _width(planned: QueryPlan) -> int:
    return 0 if planned.resolution == "raw" else planned.bucket_ms


def _count(part: Rows, received: dict[int, int]) -> None:
    ids, starts = np.unique(part.ids, return_index=True)
    if isinstance(part, Aggregates):
        counts = np.add.reduceat(part.counts, starts) if len(ids) else starts
    else:
        counts = np.diff(starts, append=len(part))
    for point, count in zip(ids.tolist(), counts.tolist(), strict=True):
        received[point] = received.get(point, 0) + count


def _joined(planned: QueryPlan, parts: Sequence[Rows]) -> Rows:
    """Parts of consecutive spans as one, sorted by point then time."""
    if planned.aggregated:
        return aggregates.concat(part for part in parts if isinstance(part, Aggregates))
    every = concat(part for part in parts if isinstance(part, Samples))
    return every[np.lexsort((every.times, every.ids))]
