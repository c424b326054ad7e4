"""Columns of a chart in local time."""

import numpy as np
import pytest

from vitals.errors import InvalidRequestError
from vitals.model import zones
from vitals.model.measures.calendar import Calendar, Interval
from vitals.model.points import Catalog, ListedPoint, Point
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, day_start
from vitals.reading.queries.planning import plan_query
from vitals.reading.request import QueryRequest
from vitals.reading.shape import Columns, LocalColumns, count_in

CATALOG = Catalog((Point(0, ListedPoint("p")),))
NOW = day_start("2026-12-01")
SPAN = Span(day_start("2026-10-30"), day_start("2026-11-04"))


def columns(interval_ms: int, zone: str | None) -> Columns | LocalColumns:
    request = QueryRequest("s", ["p"], SPAN.start_ms, SPAN.end_ms, interval_ms=interval_ms, timezone=zone)
    shape = plan_query(request, CATALOG, NOW, 365).shape
    assert shape
    return shape.columns


def test_columns_of_a_day_are_local_days() -> None:
    local = columns(DAY_MS, "America/Chicago")
    assert isinstance(local, LocalColumns)
    assert local.edges.tolist() == Calendar(Interval.parse("1d"), "America/Chicago").edges(SPAN).tolist()
    lengths = (np.diff(local.edges) // HOUR_MS).tolist()
    assert sorted(set(lengths)) == [24, 25]


@pytest.mark.parametrize("interval_ms", [420_000, HOUR_MS, 7 * HOUR_MS, DAY_MS])
def test_local_columns_of_utc_are_equal_columns(interval_ms: int) -> None:
    local, equal = columns(interval_ms, "UTC"), columns(interval_ms, None)
    times = np.arange(SPAN.start_ms, SPAN.end_ms, 977_777)
    assert local.span == equal.span
    assert local.count == equal.count
    assert local.indexes(times).tolist() == equal.indexes(times).tolist()
    numbers = np.arange(equal.count)
    assert local.starts(numbers).tolist() == equal.starts(numbers).tolist()
    assert local.start_of(equal.count) == equal.start_of(equal.count)
    assert count_in(local, SPAN) == count_in(equal, SPAN)
    assert local.index_at(SPAN.end_ms - 1) == equal.index_at(SPAN.end_ms - 1)


def test_a_local_interval_is_at_most_a_century() -> None:
    with pytest.raises(InvalidRequestError, match="at most 100 years"):
        columns(36_526 * DAY_MS, "America/Chicago")
    assert columns(36_526 * DAY_MS, None).count == 1


def fingerprint_of(zone: str | None) -> str:
    request = QueryRequest("s", ["p"], SPAN.start_ms, SPAN.end_ms, "raw", interval_ms=DAY_MS, timezone=zone)
    return plan_query(request, CATALOG, NOW, 365).fingerprint


def test_other_rules_of_zones_end_local_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {zone: fingerprint_of(zone) for zone in (None, "America/Chicago")}
    monkeypatch.setattr(zones, "version", lambda: "2026z")
    assert fingerprint_of(None) == before[None]
    assert fingerprint_of("America/Chicago") != before["America/Chicago"]
