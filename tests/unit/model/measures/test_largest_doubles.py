"""Rows of buckets from cells: the held signal of samples at the edges of what a double holds."""

import sys

import numpy as np
import pytest

from vitals.model.measures import counters
from vitals.model.measures.cells import cells_of
from vitals.model.measures.measure import Measure, bucket_rows
from vitals.model.samples import Samples
from vitals.model.timespan import HOUR_MS, MINUTE_MS

LARGEST = sys.float_info.max
EDGES = np.array([0, HOUR_MS, 2 * HOUR_MS])


def largest_samples() -> Samples:
    """Returns a sample at the end of the first hour, which is held into the second, and one after it."""
    times = np.array([55 * MINUTE_MS, 90 * MINUTE_MS])
    return Samples(np.zeros(2, np.int32), times, np.array([-LARGEST, LARGEST]))


@pytest.mark.parametrize("name", ["mean", "integral", "held", "increase"])
def test_largest_doubles_have_finite_rows(name: str) -> None:
    samples = largest_samples()
    cells = cells_of(samples, EDGES, np.full(2, 10 * MINUTE_MS))
    steps = counters.steps(cells, samples, {})
    rows = bucket_rows(Measure.parse(name), cells, EDGES, steps=steps)
    assert rows.times.tolist() == [0, HOUR_MS]
    assert np.isfinite(rows.values).all()
