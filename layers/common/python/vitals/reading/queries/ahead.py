"""Reads the blocks of a live chart while the ledger is asked where its days are.

Recent days are in the hot tier, unless something is wrong. So the read begins before the ledger's answer, and
its samples are used where the plan that follows from that answer wants just these.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor as Pool
from concurrent.futures import Future
from dataclasses import dataclass

from vitals.aws import prices
from vitals.codec.blocks import GROUP_SIZE
from vitals.model.records.ledger import WRITE_GRACE_MS
from vitals.model.samples import Samples, merge
from vitals.model.timespan import DAY_MS, FUTURE_TOLERANCE_MS, HOUR_MS, Span
from vitals.reading.day_tiers import DayRun
from vitals.reading.paging import Pages
from vitals.reading.plan import QueryPlan

_LONGEST_MS = 2 * DAY_MS
# Syncs and the archiving have written a day by then, so that it is probably quiet (ArchiveRecord.is_quiet).
_QUIET_AFTER_MS = 6 * HOUR_MS
# Of a group of 64 points with a sample a minute, read eventually consistently (bench/query.py).
_UNITS_A_DAY = 34


@dataclass(frozen=True, slots=True)
class HotAhead:
    """Consecutive days that are being read from the hot tier for some points, each as a run of its own."""

    ids: Sequence[int]
    days: Sequence[tuple[DayRun, Future[Samples]]]
    dollars: float
    """The probable price of the reads."""

    def samples(self, ids: Sequence[int], run: DayRun) -> Samples | None:
        """Returns the samples of a run of just these points; None when it was not read so."""
        start_ms, end_ms = run.span.start_ms, run.span.end_ms
        days = [
            (day, future)
            for day, future in self.days
            if day.span.start_ms < end_ms and start_ms < day.span.end_ms
        ]
        if (
            ids != self.ids
            or not days
            or days[0][0].span.start_ms > start_ms
            or days[-1][0].span.end_ms < end_ms
        ):
            return None
        if run.consistent and not all(day.consistent for day, _ in days):
            return None
        samples = merge(future.result() for _, future in days)
        return samples[(samples.times >= start_ms) & (samples.times < end_ms)]


def likely_runs(plan: QueryPlan, now_ms: int) -> list[DayRun]:
    """Returns the days that a plan will probably read from the hot tier; none unless it is a live chart."""
    # No later sample is accepted, and no page reads further.
    span = Span(plan.start_ms, min(plan.span.end_ms, now_ms + FUTURE_TOLERANCE_MS + 1))
    is_live = span.end_ms > now_ms - WRITE_GRACE_MS and span.length_ms <= _LONGEST_MS
    if plan.calendar or not plan.ids or not is_live or span.length_ms > Pages(plan).first_step_ms():
        return []
    first_ms = span.start_ms - span.start_ms % DAY_MS
    days = (
        Span(max(day_ms, span.start_ms), min(day_ms + DAY_MS, span.end_ms))
        for day_ms in range(first_ms, span.end_ms, DAY_MS)
    )
    return [DayRun(day, day.end_ms > now_ms - _QUIET_AFTER_MS) for day in days]


def start(plan: QueryPlan, now_ms: int, read: Callable[[DayRun], Samples], pool: Pool) -> HotAhead | None:
    """Starts to read what a live chart will probably need; None for any other query."""
    runs = likely_runs(plan, now_ms)
    if not runs:
        return None
    groups = len({point // GROUP_SIZE for point in plan.ids})
    day_reads = sum(run.span.length_ms / DAY_MS * (2 if run.consistent else 1) for run in runs)
    dollars = groups * day_reads * _UNITS_A_DAY * prices.DYNAMODB_READ_UNIT
    return HotAhead(plan.ids, [(run, pool.submit(read, run)) for run in runs], dollars)
