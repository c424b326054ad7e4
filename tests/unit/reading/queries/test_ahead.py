"""Reads that begin before the ledger's answer: which, and when their samples are used."""

from concurrent.futures import Future

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitals.model.points import Catalog, ListedPoint
from vitals.model.records.ledger import ArchiveRecord
from vitals.model.samples import Samples, from_columns
from vitals.model.timespan import DAY_MS, FUTURE_TOLERANCE_MS, HOUR_MS, MINUTE_MS, Span
from vitals.reading.day_tiers import DayRun, plan_parts
from vitals.reading.plan import QueryPlan
from vitals.reading.queries.ahead import HotAhead, likely_runs
from vitals.reading.queries.planning import plan_query
from vitals.reading.request import QueryRequest

DAY = 1_767_225_600_000
NOW = DAY + 12 * HOUR_MS
CATALOG = Catalog().refreshed([ListedPoint(f"p{i}", interval_s=60) for i in range(300)])


def plan(span: Span, points: int = 1, resolution: str = "raw") -> QueryPlan:
    names = [point.name for point in CATALOG.points[:points]]
    request = QueryRequest("site", names, span.start_ms, span.end_ms, resolution)
    return plan_query(request, CATALOG, NOW, 400)


def read(run: DayRun) -> Future[Samples]:
    """A sample an hour of the run."""
    future: Future[Samples] = Future()
    times = range(run.span.start_ms, run.span.end_ms, HOUR_MS)
    future.set_result(from_columns([0] * len(times), times, [float(time_ms) for time_ms in times]))
    return future


def ahead(runs: list[DayRun]) -> HotAhead:
    return HotAhead([0], [(run, read(run)) for run in runs], 0.0)


def test_a_live_chart_is_read_ahead() -> None:
    span = Span(NOW - DAY_MS, NOW)
    assert likely_runs(plan(span), NOW) == [
        DayRun(Span(NOW - DAY_MS, DAY), False),
        DayRun(Span(DAY, NOW), True),
    ]


@pytest.mark.parametrize(
    "query",
    [
        plan(Span(NOW - 3 * DAY_MS, NOW)),
        plan(Span(NOW - 3 * DAY_MS, NOW - 2 * DAY_MS)),
        plan(Span(NOW - DAY_MS, NOW), resolution="1h"),
        # More than a page of samples.
        plan(Span(NOW - DAY_MS, NOW), points=300),
    ],
    ids=["long", "old", "buckets", "many points"],
)
def test_other_queries_wait_for_the_ledger(query: QueryPlan) -> None:
    assert likely_runs(query, NOW) == []


@given(
    start=st.integers(0, 47),
    length=st.integers(1, 48),
    quiet=st.lists(st.booleans(), min_size=4, max_size=4),
    recorded=st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_what_is_used_is_what_the_plan_reads(
    start: int, length: int, quiet: list[bool], recorded: list[bool]
) -> None:
    span = Span(NOW - length * HOUR_MS - start * MINUTE_MS, NOW)
    if span.length_ms > 2 * DAY_MS:
        return
    begun = ahead(likely_runs(plan(span), NOW))
    records = [
        ArchiveRecord(
            DAY - (3 - number) * DAY_MS, changed_ms=NOW - 2 * DAY_MS if quiet[number] else NOW - MINUTE_MS
        )
        for number in range(4)
        if recorded[number]
    ]
    for run in plan_parts(span, records, NOW, rollups=False).hot:
        samples = begun.samples([0], run)
        days = [day for day, _ in begun.days if day.span.start_ms < run.span.end_ms]
        strong = all(day.consistent for day in days if day.span.end_ms > run.span.start_ms)
        assert (samples is None) is (run.consistent and not strong)
        if samples is not None:
            assert samples.times.tolist() == [
                time_ms
                for day in days
                for time_ms in range(day.span.start_ms, day.span.end_ms, HOUR_MS)
                if run.span.start_ms <= time_ms < run.span.end_ms
            ]


def test_a_run_that_was_not_read_is_read() -> None:
    begun = ahead([DayRun(Span(DAY, NOW), True)])
    assert begun.samples([0], DayRun(Span(DAY - DAY_MS, NOW), False)) is None
    assert begun.samples([0], DayRun(Span(NOW, NOW + HOUR_MS), False)) is None


def test_some_of_the_points_are_read_anew() -> None:
    run = DayRun(Span(DAY, NOW), True)
    assert ahead([run]).samples([], run) is None


def test_part_of_a_day_is_of_its_read() -> None:
    part = ahead([DayRun(Span(DAY, NOW), True)]).samples(
        [0], DayRun(Span(DAY + HOUR_MS, NOW - HOUR_MS), True)
    )
    assert part is not None
    assert part.times.tolist() == list(range(DAY + HOUR_MS, NOW - HOUR_MS, HOUR_MS))


def test_today_is_read_until_now() -> None:
    [run] = likely_runs(plan(Span(DAY, DAY + DAY_MS)), NOW)
    assert run == DayRun(Span(DAY, NOW + FUTURE_TOLERANCE_MS + 1), True)
