"""Tables: a row for each bucket, the sample in force, filled values and sums; those of DuckDB and pandas."""

import math

import numpy as np
import pandas as pd
import pytest

from tests.simulation.local_days.cases import (
    ALL,
    CASES,
    INTERVALS,
    UNITS,
    ZONES,
    oracle,
    series,
    span_of,
    store,
)
from tests.simulation.local_days.sql import Rows
from tests.simulation.local_days.store import TIERS, Store, Table, Tier
from vitals.model.timespan import DAY_MS, MINUTE_MS, Span, day_start
from vitals.reading.request import Limits


def table(zone: str, tier: Tier, resolution: str, span: Span, rows: int = 30_000, **parameters: str) -> Table:
    """Returns the table, from pages of at most this many values."""
    return store(zone, tier).table(
        start=span.start_ms,
        end=span.end_ms,
        resolution=resolution,
        timezone=zone,
        limits=Limits(rows, rows),
        **parameters,
    )


def assert_equal(read: Rows, expected: Rows) -> None:
    assert sorted(read) == sorted(expected)
    for start_ms, value in expected.items():
        assert read[start_ms] == pytest.approx(value, rel=1e-12, abs=1e-6)


@pytest.mark.parametrize(("zone", "tier", "resolution"), CASES)
def test_a_row_is_a_bucket(zone: str, tier: Tier, resolution: str) -> None:
    span = span_of(zone, resolution)
    buckets = oracle(zone).select(span, resolution)
    content = table(zone, tier, resolution, span)
    assert content.starts == [bucket.start_ms for bucket in buckets]
    for name, rows in oracle(zone).rows("mean").items():
        assert_equal(content.rows(name), rows)
        assert not content.filled[name]


@pytest.mark.parametrize(("zone", "tier", "resolution"), CASES)
def test_at_is_the_sample_in_force(zone: str, tier: Tier, resolution: str) -> None:
    span = span_of(zone, resolution)
    oracle(zone).select(span, resolution)
    content = table(zone, tier, resolution, span, measure="at")
    for name, rows in oracle(zone).at().items():
        assert content.rows(name) == rows


@pytest.mark.parametrize(("zone", "tier", "resolution"), CASES if ALL else CASES[1::2])
@pytest.mark.parametrize("measure", ["mean", "max", "p50"] if ALL else ["mean"])
def test_filled_values_are_those_around(zone: str, tier: Tier, resolution: str, measure: str) -> None:
    span = span_of(zone, resolution)
    oracle(zone).select(span, resolution)
    own = oracle(zone).rows(measure)
    for fill, rows_of in (("last", oracle(zone).at), ("linear", oracle(zone).line)):
        content = table(zone, tier, resolution, span, measure=measure, fill=fill)
        for name, rows in rows_of().items():
            assert_equal(content.rows(name), rows | own[name])
            assert content.filled[name] == rows.keys() - own[name].keys()


@pytest.mark.parametrize(("zone", "tier", "resolution"), CASES if ALL else CASES[::3])
@pytest.mark.parametrize("fill", ["last", "linear"])
def test_pages_fill_past_their_edges(zone: str, tier: Tier, resolution: str, fill: str) -> None:
    """Pages of three rows are the whole, from another tier to the bit."""
    span = span_of(zone, resolution)
    for measure in ("mean", "at"):
        paged = table(zone, tier, resolution, span, rows=3 * len(INTERVALS), measure=measure, fill=fill)
        other = TIERS[TIERS.index(tier) - 1]
        whole = table(zone, other, resolution, span, measure=measure, fill=fill)
        assert (paged.starts, paged.filled) == (whole.starts, whole.filled)
        for name in INTERVALS:
            assert paged.rows(name) == whole.rows(name)


@pytest.mark.parametrize("tier", TIERS)
def test_at_is_that_of_merge_asof(tier: Tier) -> None:
    zone, resolution = "America/Chicago", "15m"
    span = span_of(zone, resolution)
    content = table(zone, tier, resolution, span, measure="at")
    for name, samples in series(ZONES[zone]).items():
        merged = pd.merge_asof(
            pd.DataFrame({"time": content.starts}),
            pd.DataFrame({"time": list(samples), "value": list(samples.values())}),
            on="time",
            tolerance=int(2_500 * INTERVALS[name]),
        )
        np.testing.assert_array_equal(content.values[name], merged["value"])


@pytest.mark.parametrize("tier", TIERS)
def test_means_are_those_of_resample(tier: Tier) -> None:
    """pandas interpolates between its rows; where each has one sample, these are the samples."""
    start_ms = day_start("2026-05-01")
    times = [start_ms + 15 * MINUTE_MS * number for number in range(96) if number % 12 not in (4, 5, 6)]
    samples = {time_ms: math.sin(time_ms) for time_ms in times}
    meter = Store({"meter": samples}, {"meter": 1_800}, {"meter": "kWh"}, tier)
    content = meter.table(start=start_ms, end=start_ms + DAY_MS, resolution="15m", fill="linear")
    index = pd.to_datetime(times, unit="ms", utc=True)
    expected = pd.Series(samples.values(), index).resample("15min").mean().interpolate()
    np.testing.assert_allclose(content.values["meter"][: len(expected)], expected, rtol=1e-12)


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("measure", ["mean", "increase", "at"])
def test_a_sum_is_of_the_same_rows(tier: Tier, measure: str) -> None:
    zone, resolution = "Europe/London", "1h"
    span, name = span_of(zone, resolution), "sum: meter + slow - meter"
    content = table(zone, tier, resolution, span, measure=measure)
    summed = store(zone, tier).table(
        start=span.start_ms,
        end=span.end_ms,
        resolution=resolution,
        timezone=zone,
        measure=measure,
        point_names=[name, "sum: - slow", "meter"],
    )
    meter, slow = (np.array(content.values[operand]) for operand in ("meter", "slow"))
    np.testing.assert_array_equal(summed.values[name], meter + slow - meter)
    np.testing.assert_array_equal(summed.values["sum: - slow"], -slow)
    assert UNITS["meter"] == UNITS["slow"]
