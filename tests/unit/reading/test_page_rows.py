"""Pages of buckets of which some have no value, and so no row."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vitals.aws.cost import Cost
from vitals.model.measures.measure import BucketRows
from vitals.model.points import Catalog, ListedPoint
from vitals.model.timespan import DAY_MS, HOUR_MS, Span
from vitals.reading.paging import Pages
from vitals.reading.queries.planning import plan_query
from vitals.reading.reader import Page, PageReader
from vitals.reading.reads import PlannedRead, ReadResult, ReadStats
from vitals.reading.request import Limits, QueryRequest

START = 1_767_225_600_000
HOURS = 48
CATALOG = Catalog().refreshed([ListedPoint("meter", interval_s=3_600)])


class Buckets:
    """An executor whose hours have values where `has_value` says so; each has a sample and holds a minute."""

    def __init__(self, has_value: list[bool]) -> None:
        times = START + HOUR_MS * np.arange(HOURS)
        ids, ones = np.full(HOURS, CATALOG.points[0].id, np.int32), np.ones(HOURS, np.int64)
        values = np.where(has_value, 1.0, np.nan)
        self.rows = BucketRows(
            ids, times, times + HOUR_MS, values, ones, 60_000 * ones, np.zeros(HOURS), ones == 0
        )

    def read(self, query: PlannedRead, span: Span) -> ReadResult[BucketRows]:
        times = self.rows.times
        return ReadResult(self.rows[(times >= span.start_ms) & (times < span.end_ms)], ReadStats())


def pages(executor: Any, limit: int) -> list[Page]:
    result: list[Page] = []
    token = None
    while not result or token:
        request = QueryRequest(
            "s",
            ["meter"],
            START,
            START + HOURS * HOUR_MS,
            "1h",
            measure="increase",
            next_token=token,
            limits=Limits(limit, limit),
        )
        plan = plan_query(request, CATALOG, START + 9 * DAY_MS, 365)
        read = PlannedRead(plan, [], START + 9 * DAY_MS, Cost())
        page = PageReader(executor, read, START + 8 * DAY_MS, lambda: True).read()
        result.append(page)
        token = page.next_ms and Pages(plan).token(page.next_ms)
    return result


@given(st.lists(st.booleans(), min_size=HOURS, max_size=HOURS), st.integers(1, 9))
def test_rows_without_a_value_take_no_room(has_value: list[bool], limit: int) -> None:
    """They count as read and as held all the same."""
    executor = Buckets(has_value)
    result = pages(executor, limit)
    assert all(len(page.rows) == limit for page in result[:-1])
    values = np.concatenate([page.rows.values for page in result])
    assert values.tolist() == [1.0] * sum(has_value)
    assert sum(sum(page.received.values()) for page in result) == HOURS
    assert sum(sum(page.held_ms.values()) for page in result) == 60_000 * HOURS
    assert not any(page.gaps for page in result)
