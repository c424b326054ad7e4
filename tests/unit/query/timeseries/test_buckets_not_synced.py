"""What is said of buckets after the time until which a site is synced."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from query.timeseries.series import _describe_buckets
from vitals.model.measures.calendar import Calendar, Interval
from vitals.model.measures.measure import BucketRows, Measure
from vitals.model.points import ListedPoint, Point
from vitals.model.timespan import HOUR_MS


@pytest.mark.parametrize(
    ("synced_until_ms", "rates", "partial"),
    [
        (None, [12.0, 12.0], [0, 1]),
        (HOUR_MS, [12.0, 12.0], [0, 1]),
        (HOUR_MS // 2, [24.0, 12.0], [0, 1]),
        (3 * HOUR_MS, [12.0, 12.0], []),
    ],
)
def test_a_rate_is_of_the_elapsed_time(
    synced_until_ms: int | None, rates: list[float], partial: list[int]
) -> None:
    """A site that only a backfill has filled was never synced."""
    times = np.array([0, HOUR_MS])
    held = np.array([HOUR_MS // 2, HOUR_MS // 2])
    rows = BucketRows(
        np.zeros(2, np.int32),
        times,
        times + HOUR_MS,
        np.array([12.0, 12.0]),
        held,
        held,
        held * 0.0,
        held < 0,
    )
    plan = SimpleNamespace(
        measure=Measure.parse("rate"),
        calendar=Calendar(Interval.parse("1h")),
        open_ms=lambda starts, ends: ends - starts,
    )
    query: Any = SimpleNamespace(plan=plan, synced_until_ms=synced_until_ms)
    series: Any = {}
    _describe_buckets(series, rows, query, Point(0, ListedPoint("meter")))
    assert series["values"].tolist() == rates
    assert series["partial"] == partial
    assert max(series["known"]) <= 1
