"""Operating hours in every tier: rows equal those of the same measures over the open parts of each bucket."""

import numpy as np
import pytest

from tests.simulation.local_days.cases import ALL, CASES, INTERVALS, ZONES, oracle, series, span_of, store
from tests.simulation.local_days.sql import HELD, STATISTICS, Rows, increases
from tests.simulation.local_days.store import Tier
from vitals.model.measures.hours import OperatingHours
from vitals.model.timespan import DAY_MS, Span

HOURS, DAYS = "06:15-18:00", "mon-fri"
MEASURES = (*STATISTICS, *HELD, "starts") if ALL else ("mean", "last", "runtime", "starts")
# One of each tier.
SOME = CASES if ALL else CASES[::4]


def rows_of(zone: str, tier: Tier, resolution: str, span: Span, measure: str) -> dict[str, Rows]:
    content = store(zone, tier).query(
        start=span.start_ms,
        end=span.end_ms,
        resolution=resolution,
        timezone=zone,
        measure=measure,
        hours=HOURS,
        days=DAYS,
    )
    return {
        item["point_name"]: dict(zip(map(int, item["timestamps"]), map(float, item["values"]), strict=True))
        for item in content["series"]
    }


@pytest.mark.parametrize(("zone", "tier", "resolution"), SOME)
def test_rows_are_those_of_the_open_parts(zone: str, tier: Tier, resolution: str) -> None:
    span = span_of(zone, resolution)
    hours = OperatingHours.parse(HOURS, DAYS, (), zone)
    assert hours
    buckets = oracle(zone).select(span, resolution)
    around = Span(buckets[0].start_ms - DAY_MS, buckets[-1].end_ms + DAY_MS)
    parts = [(part.start_ms, part.end_ms) for part in hours.parts(around)]
    oracle(zone).close(parts)
    for measure in MEASURES:
        for name, expected in oracle(zone).rows(measure).items():
            read = rows_of(zone, tier, resolution, span, measure)[name]
            assert sorted(read) == sorted(expected), (measure, name)
            np.testing.assert_allclose(
                [read[start] for start in expected], list(expected.values()), rtol=1e-9, atol=1e-6
            )


@pytest.mark.parametrize(("zone", "tier", "resolution"), SOME)
def test_only_samples_within_are_in_force(zone: str, tier: Tier, resolution: str) -> None:
    span = span_of(zone, resolution)
    hours = OperatingHours.parse(HOURS, DAYS, (), zone)
    assert hours
    buckets = oracle(zone).select(span, resolution)
    around = Span(buckets[0].start_ms - DAY_MS, buckets[-1].end_ms + DAY_MS)
    oracle(zone).close([(part.start_ms, part.end_ms) for part in hours.parts(around)])
    own = oracle(zone).rows("max")
    grid = {"start": span.start_ms, "end": span.end_ms, "resolution": resolution, "timezone": zone}
    for measure, fill, rows_of in (
        ("at", "null", oracle(zone).at),
        ("max", "last", oracle(zone).at),
        ("max", "linear", oracle(zone).line),
    ):
        content = store(zone, tier).table(**grid, hours=HOURS, days=DAYS, measure=measure, fill=fill)
        for name, rows in rows_of().items():
            expected = rows if measure == "at" else rows | own[name]
            read = content.rows(name)
            assert sorted(read) == sorted(expected), (measure, fill, name)
            np.testing.assert_allclose(
                [read[start] for start in expected], list(expected.values()), rtol=1e-9
            )


@pytest.mark.parametrize(("zone", "tier", "resolution"), SOME)
def test_steps_count_where_they_end(zone: str, tier: Tier, resolution: str) -> None:
    span = span_of(zone, resolution)
    hours = OperatingHours.parse(HOURS, DAYS, (), zone)
    assert hours
    buckets = oracle(zone).select(span, resolution)
    read = rows_of(zone, tier, resolution, span, "increase")
    for name in INTERVALS:
        expected = {}
        for bucket in buckets:
            parts = list(hours.parts(Span(bucket.start_ms, bucket.end_ms)))
            pieces = [type(bucket)(part.start_ms, part.end_ms) for part in parts]
            if amounts := increases(series(ZONES[zone])[name], pieces):
                expected[bucket.start_ms] = sum(amounts.values())
        assert sorted(read[name]) == sorted(expected)
        for start_ms, amount in expected.items():
            assert read[name][start_ms] == pytest.approx(amount, rel=1e-9, abs=1e-5)
