import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.equal_buckets import aggregate
from tests.support.strategies import samples
from vitals.model.aggregates import BUCKETS, concat
from vitals.model.samples import Samples, from_columns, merge
from vitals.model.timespan import DAY_MS, HOUR_MS

DAY = 1_767_225_600_000
in_a_day = samples(st.integers(0, 3), st.integers(DAY, DAY + DAY_MS - 1))


@given(in_a_day, st.sampled_from(list(BUCKETS.values())))
def test_rows_are_what_a_person_would_compute(readings: Samples, bucket_ms: int) -> None:
    readings = merge([readings])
    expected: dict[tuple[int, int], list[float]] = {}
    for point, time_ms, value in zip(
        readings.ids.tolist(), readings.times.tolist(), readings.values.tolist(), strict=True
    ):
        expected.setdefault((point, time_ms - time_ms % bucket_ms), []).append(value)
    rows = aggregate(readings, bucket_ms)
    assert list(zip(rows.ids.tolist(), rows.times.tolist(), strict=True)) == sorted(expected)
    for i, values in enumerate(expected[key] for key in sorted(expected)):
        assert (rows.mins[i], rows.maxs[i]) == (min(values), max(values))
        assert (rows.firsts[i], rows.lasts[i], rows.counts[i]) == (values[0], values[-1], len(values))
        mean = math.fsum(value / len(values) for value in values)
        assert rows.mins[i] <= rows.values[i] <= rows.maxs[i]
        scale = max(map(abs, values))
        assert rows.values[i] == pytest.approx(mean, rel=1e-9, abs=max(scale * 1e-12, 1e-300))


@given(in_a_day)
def test_a_part_of_the_points_aggregates_the_same(readings: Samples) -> None:
    readings = merge([readings])
    whole = aggregate(readings, HOUR_MS)
    parts = [aggregate(readings[readings.ids == point], HOUR_MS) for point in range(4)]
    assert concat(parts).equals(whole)


def test_nothing_aggregates_to_nothing() -> None:
    assert len(aggregate(from_columns([], [], []), HOUR_MS)) == 0
    assert aggregate(from_columns([], [], []), HOUR_MS).counts.dtype == np.int64
