"""How far a page that continues another reads back, whatever its points say of themselves."""

from dataclasses import replace
from typing import Any

import pytest

from vitals.aws.cost import Cost
from vitals.errors import TierTimeoutError
from vitals.model.points import Catalog, ListedPoint
from vitals.model.samples import Samples, from_columns
from vitals.model.timespan import DAY_MS, HOUR_MS, Span
from vitals.reading.paging import Pages
from vitals.reading.plan import QueryPlan
from vitals.reading.queries.planning import plan_query
from vitals.reading.reader import Page, PageReader
from vitals.reading.reads import PlannedRead, ReadResult, ReadStats
from vitals.reading.request import QueryRequest

START = 1_767_225_600_000
NOW = START + 400 * DAY_MS


class Spans:
    """An executor without samples that notes what it is asked for, or answers no read before a time."""

    def __init__(self, silent_before_ms: int = 0) -> None:
        self.spans: list[Span] = []
        self._silent_before_ms = silent_before_ms

    def read(self, query: PlannedRead, span: Span) -> ReadResult[Samples]:
        self.spans.append(span)
        if span.start_ms < self._silent_before_ms:
            raise TierTimeoutError("no answer")
        return ReadResult(from_columns([], [], []), ReadStats())


def second_page(points: int, interval_s: int, start_ms: int) -> QueryPlan:
    catalog = Catalog().refreshed(
        ListedPoint(f"p{number}", interval_s=interval_s) for number in range(points)
    )
    names = [point.name for point in catalog.points]
    request = QueryRequest("s", names, START, START + 300 * DAY_MS, "raw")
    token = Pages(plan_query(request, catalog, NOW, 365)).token(start_ms)
    return plan_query(replace(request, next_token=token), catalog, NOW, 365)


def read(executor: Spans, plan: QueryPlan) -> Page:
    source: Any = executor
    return PageReader(source, PlannedRead(plan, [], NOW, Cost()), NOW, lambda: True).read()


@pytest.mark.parametrize("points", [1, 500])
@pytest.mark.parametrize("interval_s", [86_400, 31 * 86_400])
def test_look_back_is_a_day_in_few_reads(points: int, interval_s: int) -> None:
    start_ms = START + 200 * DAY_MS
    plan = second_page(points, interval_s, start_ms)
    executor = Spans()
    read(executor, plan)
    before = [span for span in executor.spans if span.start_ms < start_ms]
    assert 1 <= len(before) <= 6
    assert start_ms - DAY_MS - HOUR_MS <= before[0].start_ms
    assert all(span.length_ms <= Pages(plan).longest_step_ms() for span in before)


def test_a_look_back_timeout_fails_no_page() -> None:
    start_ms = START + 200 * DAY_MS
    executor = Spans(silent_before_ms=start_ms)
    page = read(executor, second_page(1, 300, start_ms))
    assert page.next_ms is None and executor.spans[-1].end_ms > start_ms
