"""The parts of an export of buckets: whole buckets, each once, and no more than a worker reads in time."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports import estimate
from exports.buckets import planning
from vitals.model.points import Catalog, ListedPoint, Point
from vitals.model.records.exports import BUCKETS, Export
from vitals.model.timespan import DAY_MS, HOUR_MS, Span, day_start
from vitals.reading.plan import QueryPlan

START = day_start("2024-10-01")
NOW = START + 900 * DAY_MS
CATALOG = Catalog(tuple(Point(number, ListedPoint(f"p{number}", interval_s=60)) for number in range(1_200)))


def plans_of(span: Span, points: int, resolution: str, **fields: str) -> list[QueryPlan]:
    export = Export("x", site="home", resolution=resolution, **fields)  # type: ignore[arg-type]
    names = [point.name for point in CATALOG.points[:points]]
    return list(planning.plans(export, names, span, CATALOG, NOW))


@given(
    st.integers(0, 100 * DAY_MS),
    st.integers(1, 120 * DAY_MS),
    st.sampled_from(["30m", "1h", "6h", "1d", "1w", "3mo", "1y"]),
    st.sampled_from(["UTC", "America/Chicago", "Asia/Kolkata"]),
    st.sampled_from(["mean", "runtime", "increase"]),
    st.integers(1, 1_200),
)
def test_parts_are_whole_buckets(
    begin_ms: int, length_ms: int, resolution: str, zone: str, measure: str, points: int
) -> None:
    span = Span(START + begin_ms, START + begin_ms + length_ms)
    plans = plans_of(span, points, resolution, timezone=zone, measure=measure)
    parts = planning.parts(plans)
    calendar = plans[0].calendar
    assert calendar
    edges = calendar.edges(plans[0].span)
    starts = [part.start_ms for part in parts]
    assert starts[0] == edges[0] <= span.start_ms and parts[-1].end_ms == edges[-1] >= span.end_ms
    assert all(before.end_ms == after.start_ms for before, after in pairwise(parts))
    assert set(starts) <= set(edges.tolist())
    for part in parts:
        buckets = int(np.count_nonzero((edges >= part.start_ms) & (edges < part.end_ms)))
        assert buckets == 1 or buckets * points <= planning.MAX_ROWS
        assert buckets == 1 or part.end_ms - part.start_ms <= 31 * DAY_MS
    assert {part.kind for part in parts} == {BUCKETS}
    # A day that the clocks change is a day.
    assert abs(sum(part.days for part in parts) - (edges[-1] - edges[0]) / DAY_MS) <= len(parts)


def test_points_are_read_in_groups() -> None:
    span = Span(START, START + HOUR_MS)
    assert [len(plan.ids) for plan in plans_of(span, 1_200, "1h")] == [500, 500, 200]
    assert [len(plan.columns) for plan in plans_of(span, 500, "1h", form="table")] == [500]


def test_samples_limit_a_part() -> None:
    """Where rollups do not serve: minutes of many points, or percentiles."""
    month = Span(START, START + 31 * DAY_MS)
    assert len(planning.parts(plans_of(month, 1_200, "1h"))) == 1
    assert len(planning.parts(plans_of(month, 1_200, "1h", measure="p95"))) == 2
    assert len(planning.parts(plans_of(month, 1_200, "30m"))) == 2


@pytest.mark.parametrize("form", ["series", "table"])
def test_estimates_grow_with_rows_and_points(form: str) -> None:
    day, week = Span(START, START + DAY_MS), Span(START, START + 7 * DAY_MS)
    sizes = {
        format: [
            estimate.estimated_bytes_of_buckets(plans_of(span, points, "1h", form=form), format)
            for span, points in ((day, 10), (week, 10), (week, 100))
        ]
        for format in ("csv", "json", "parquet", "arrow")
    }
    for small, longer, wider in sizes.values():
        assert small < longer < wider
    assert all(json > csv for csv, json in zip(sizes["csv"], sizes["json"], strict=True))
    rows = 24 * (10 if form == "series" else 1)
    assert rows * 8 <= sizes["parquet"][0] < sizes["csv"][0]
