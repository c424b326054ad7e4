"""Reads a plan stretch by stretch, so that memory holds about one answer, and reduces it as it comes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from query import plan
from query.executor import Executor, Found
from query.gaps import TOLERANCE, GapFinder
from query.plan import QueryPlan
from vitals import aggregates
from vitals.aggregates import Aggregates
from vitals.errors import TierTimeoutError
from vitals.ledger import ArchiveRecord
from vitals.readings import FUTURE_TOLERANCE_MS
from vitals.samples import Samples, concat
from vitals.timespan import Span

_MAX_STEPS = 10_000
# How much longer the next stretch is when one held less than this part of an answer.
_GROWTH = 4
# Of a point that does not say: the slowest that sites collect.
_SLOWEST_INTERVAL_S = 900

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
    finder = GapFinder(at, _steps(planned))
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
        edge = None if planned.charted_rows else plan.cut(shaped.times, limit - total, planned.bucket_ms)
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
    if planned.shape and parts:
        rows = planned.shape.whole(rows)
    until_ms = min(planned.span.end_ms if next_ms is None else next_ms, known_until_ms)
    return Reading(rows, next_ms, found, until_ms, finder.finish(until_ms), received, hurried)


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
